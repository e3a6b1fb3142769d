"""Pages and API of rules, achievements and calendar, as an administrator uses them."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from server.gamification.changes import tasks
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import Achievement, CalendarDay
from storage.states import FactKind
from tests.fixtures.web import Account, HeldClock
from tests.integration.gamification.test_ledger import say, total
from tests.world.builder import World
from tests.world.clock import START

VALUES = {
    "lesson_completed": "80",
    "quiz_passed": "100",
    "quiz_perfect": "150",
    "course_completed": "500",
    "daily_streak": "20",
    "achievement_unlocked": "200",
    "first_review": "50",
    "discussion_post": "30",
}
ACHIEVEMENT = {"name": "Reader", "rarity": "rare", "criterion": "lessons", "threshold": "1", "points": "70"}


def calendar_file(*events: str) -> dict[str, tuple[str, bytes]]:
    lines = [f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events]
    return {"file": ("school.ics", f"BEGIN:VCALENDAR\r\n{''.join(lines)}END:VCALENDAR\r\n".encode())}


async def follow(answer: httpx.Response, browser: httpx.AsyncClient) -> tuple[str, str]:
    """Address and text of the page that a form leads to."""
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    return path, (await browser.get(path)).text


async def days(database: Database) -> list[tuple[str, str, str]]:
    async with database.read() as session:
        rows = await session.scalars(select(CalendarDay).order_by(CalendarDay.day))
        return [(row.day, row.name, row.source) for row in rows]


async def test_values_are_looked_at_then_applied(
    administrator: Account, world: World, database: Database, services: Services
) -> None:
    ada = await world.person("Ada")
    await say(database, ada.id, FactKind.LESSON_COMPLETED, "l")
    browser = administrator.browser
    wrong = await browser.post("/admin/rules", data={**VALUES, "quiz_passed": "many"})
    assert (wrong.status_code, 'value="many"' in wrong.text) == (422, True)
    same = await browser.post("/admin/rules", data={**VALUES, "lesson_completed": "50"})
    assert same.status_code == 422
    path, text = await follow(await browser.post("/admin/rules", data=VALUES), browser)
    assert "80 XP instead of 50 XP" in text
    early = await browser.post(f"{path}/apply", data={"scope": "from_beginning"})
    assert early.status_code == 409
    await tasks.run(services, START, START)
    text = (await browser.get(path)).text
    assert "Ada" in text
    assert "250<svg" in text
    assert "<strong>280</strong>" in text
    assert await total(database, ada.id) == 250
    await follow(await browser.post(f"{path}/apply", data={"scope": "from_beginning"}), browser)
    await tasks.run(services, START, START)
    assert await total(database, ada.id) == 280
    assert "from the beginning" in (await browser.get(path)).text
    assert "80 XP" in (await browser.get("/admin/rules")).text


async def test_achievement_is_made_edited_and_granted(
    administrator: Account, world: World, database: Database, services: Services, held_clock: HeldClock
) -> None:
    ada = await world.person("Ada")
    await say(database, ada.id, FactKind.LESSON_COMPLETED, "l")
    browser = administrator.browser
    answer = await browser.post("/admin/achievements/new", data={**ACHIEVEMENT, "threshold": "0"})
    assert answer.status_code == 422
    path, _ = await follow(await browser.post("/admin/achievements/new", data=ACHIEVEMENT), browser)
    await tasks.run(services, START, START)
    assert "1 person has reached it already" in (await browser.get(path)).text
    held_clock.advance(minutes=5)
    await follow(await browser.post(f"{path}/apply", data={"scope": "from_now"}), browser)
    await tasks.run(services, START, START)
    assert await total(database, ada.id) == 250
    async with database.read() as session:
        row = (await session.scalars(select(Achievement).where(Achievement.name == "Reader"))).one()
    here = f"/admin/achievements/{row.id}"
    told = {**ACHIEVEMENT, "description": "Read one."}
    assert (await browser.post(here, data=told)).headers["location"] == "/admin/achievements"
    path, _ = await follow(await browser.post(here, data={**told, "points": "90"}), browser)
    await follow(await browser.post(f"{path}/discard"), browser)
    await follow(await browser.post(f"{here}/retire"), browser)
    path, _ = await follow(await browser.post(here, data=told), browser)
    await tasks.run(services, START, START)
    await follow(await browser.post(f"{path}/apply", data={"scope": "from_beginning"}), browser)
    await tasks.run(services, START, START)
    assert await total(database, ada.id) == 320
    assert "Read one." in (await browser.get("/admin/achievements")).text


async def test_default_achievement_stays_translated(administrator: Account, database: Database) -> None:
    german = {"Accept-Language": "de"}
    form = {"name": "Erste Schritte", "description": "Schließen Sie eine Lektion ab.", "rarity": "rare"}
    shown = (await administrator.browser.get("/admin/achievements/first_steps", headers=german)).text
    name = shown.split('name="name"')[1].split('value="')[1].split('"')[0]
    described = shown.split('name="description"')[1].split('value="')[1].split('"')[0]
    form |= {"name": name, "description": described, "criterion": "lessons", "threshold": "1"}
    answer = await administrator.browser.post("/admin/achievements/first_steps", data=form, headers=german)
    assert answer.headers["location"] == "/admin/achievements"
    async with database.read() as session:
        row = await session.get_one(Achievement, "first_steps")
    assert (row.name, row.rarity) == ("First Steps", "rare")


async def apply(browser: httpx.AsyncClient, answer: httpx.Response, services: Services) -> str:
    path, text = await follow(answer, browser)
    await tasks.run(services, START, START)
    await follow(await browser.post(f"{path}/apply", data={"scope": "from_beginning"}), browser)
    await tasks.run(services, START, START)
    return text


async def test_calendar_by_hand(administrator: Account, database: Database, services: Services) -> None:
    browser, here = administrator.browser, "/admin/calendar"
    wrong = await browser.post(here, data={"action": "add", "first": "2026-12-24", "last": "2026-12-23"})
    assert wrong.status_code == 422
    new = {"action": "add", "first": "2026-12-24", "last": "2026-12-26", "name": "Holidays"}
    assert "Holidays" in await apply(browser, await browser.post(here, data=new), services)
    assert [day for day, *_ in await days(database)] == ["2026-12-24", "2026-12-25", "2026-12-26"]
    page = (await browser.get(f"{here}?year=2026")).text
    assert page.count('data-off="day"') == 3 + 1  # and the legend
    first_week = page.split("<tbody>")[1].split("</tr>")[0]
    assert page.index('<abbr title="Monday">') < page.index('<abbr title="Sunday">')
    assert first_week.count("<td></td>") == 3  # the year begins on a Thursday
    gone = {"action": "remove", "day": ["2026-12-24", "2026-12-26"]}
    await apply(browser, await browser.post(here, data=gone), services)
    assert await days(database) == [("2026-12-25", "Holidays", "")]
    await apply(browser, await browser.post(here, data={"action": "weekdays", "off-4": "on"}), services)
    assert 'name="off-4" checked' in (await browser.get(here)).text
    every = {"action": "weekdays", **{f"off-{day}": "on" for day in range(7)}}
    assert (await browser.post(here, data=every)).status_code == 422


async def test_second_import_replaces_the_days_of_the_first(
    administrator: Account, database: Database, services: Services
) -> None:
    browser, here = administrator.browser, "/admin/calendar/import"
    by_hand = {"action": "add", "first": "2026-12-26"}
    await apply(browser, await browser.post("/admin/calendar", data=by_hand), services)
    first = calendar_file(
        "DTSTART:20261224\r\nDTEND:20261227\r\nSUMMARY:Holidays", "DTSTART:20270501\r\nSUMMARY:May"
    )
    await apply(browser, await browser.post(here, files=first), services)
    assert await days(database) == [
        ("2026-12-24", "Holidays", "school.ics"),
        ("2026-12-25", "Holidays", "school.ics"),
        ("2026-12-26", "", ""),
        ("2027-05-01", "May", "school.ics"),
    ]
    again = await browser.post(here, files=first)
    assert again.status_code == 422  # nothing would change
    second = calendar_file("DTSTART:20261225\r\nSUMMARY:Christmas", "DTSTART:20270502")
    await apply(browser, await browser.post(here, files=second), services)
    assert await days(database) == [
        ("2026-12-25", "Christmas", "school.ics"),
        ("2026-12-26", "", ""),
        ("2027-05-02", "", "school.ics"),
    ]
    forget = {"action": "forget", "source": "school.ics"}
    await apply(browser, await browser.post("/admin/calendar", data=forget), services)
    assert await days(database) == [("2026-12-26", "", "")]


async def test_lines_that_are_not_understood_are_shown(
    administrator: Account, database: Database, services: Services
) -> None:
    browser, here = administrator.browser, "/admin/calendar/import"
    files = calendar_file("DTSTART:tomorrow", "DTSTART:20261225")
    answer = await browser.post(here, files=files)
    assert answer.status_code == 422
    assert "Line 3" in answer.text
    assert "tomorrow" in answer.text
    await apply(browser, await browser.post(here, files=files, data={"anyway": "on"}), services)
    assert [day for day, *_ in await days(database)] == ["2026-12-25"]
    assert (await browser.post(here, files={"file": ("a.ics", b"no")})).status_code == 422
    assert (await browser.post(here)).status_code == 422
    large = await browser.post(here, files={"file": ("a.ics", b"BEGIN:VCALENDAR" + b" " * 1_050_000)})
    assert large.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        {"type": "values", "amounts": {"quiz_passed": -1}},
        {"type": "values", "amounts": {"freeze_used": 5}},
        {"type": "values", "amounts": {}},
        {"type": "achievement", "id": "a b", "name": "N", "description": "", "rarity": "rare"},
        {"type": "calendar", "add": [{"day": "24.12.2026"}]},
        {"type": "calendar", "weekdays": "0123456"},
        {"type": "nothing"},
    ],
)
async def test_wrong_changes_are_refused_by_the_api(administrator: Account, body: dict[str, object]) -> None:
    answer = await administrator.api.post("/api/gamification/admin/changes", json=body)
    assert answer.status_code == 400, answer.text


async def test_change_by_the_api(
    administrator: Account, world: World, database: Database, services: Services
) -> None:
    ada, api, base = await world.person("Ada"), administrator.api, "/api/gamification/admin"
    await say(database, ada.id, FactKind.QUIZ_PASSED, "q")
    body = {"type": "values", "amounts": {"quiz_passed": 120}}
    change = (await api.post(f"{base}/changes", json=body)).json()
    assert (change["state"], change["result"]) == ("previewing", None)
    await tasks.run(services, START, START)
    change = (await api.get(f"{base}/changes/{change['id']}")).json()
    assert (change["state"], change["result"]["xp_gained"]) == ("previewed", 20)
    people = (await api.get(f"{base}/changes/{change['id']}/people")).json()
    assert [(one["user_id"], one["xp_after"]) for one in people["people"]] == [(ada.id, 120)]
    for _ in range(2):
        answer = await api.post(f"{base}/changes/{change['id']}/apply", json={"scope": "from_beginning"})
        assert answer.status_code == 202
    assert (await api.post(f"{base}/changes/{change['id']}/apply", json={"scope": "now"})).status_code == 400
    await tasks.run(services, START, START)
    assert await total(database, ada.id) == 120
    values = {one["rule"]: one["amount"] for one in (await api.get(f"{base}/rules")).json()["values"]}
    assert values["quiz_passed"] == 120


async def test_achievement_is_created_by_the_api(
    administrator: Account, world: World, database: Database, services: Services
) -> None:
    ada, path = await world.person("Ada"), "/api/gamification/admin/achievement/create"
    await say(database, ada.id, FactKind.QUIZ_PASSED, "q", -60)
    body = {"name": "Solver", "criterion": "quizzes", "threshold": 1, "points": 30}
    made = (await administrator.api.post(path, json=body)).json()
    await tasks.run(services, START, START)
    assert (made["points"], made["since"] is not None, await total(database, ada.id)) == (30, True, 100)
    other = await administrator.api.post(path, json={**body, "scope": "from_beginning"})
    assert other.status_code == 201
    await tasks.run(services, START, START + timedelta(minutes=1))
    assert await total(database, ada.id) == 130
    assert (await administrator.api.post(path, json={**body, "criterion": "luck"})).status_code == 400
