"""Streak of a learner: card, calendar and API say the same; planned breaks.

Pages are asked for with a token where days pass, because a browser's session ends meanwhile.
"""

import asyncio
import re
from datetime import UTC, datetime

import httpx
import pytest

from storage.database.engine import Database
from storage.database.tables import CalendarDay, Institution
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.gamification.earning import learned_on, xp_of
from tests.world.builder import World

STREAK = "/api/gamification/streak"
BREAKS = f"{STREAK}/breaks"
CELL = re.compile(r'data-state="(\w+)"[^>]*><span class="day-number">(\d+)</span>')
WEEK_DAY = re.compile(r'<li class="week-day" data-state="(\w+)"><span class="week-name"')
NOVEMBER = [f"2026-11-{day:02d}" for day in range(1, 31)]


def weekdays(first: int, last: int, missed: tuple[int, ...] = ()) -> list[str]:
    """Labels of November's Mondays to Fridays; its first day is a Sunday."""
    return [
        NOVEMBER[day - 1] for day in range(first, last + 1) if day % 7 not in (0, 1) and day not in missed
    ]


async def plan(learner: Account, first: str, last: str) -> httpx.Response:
    return await learner.api.post(BREAKS, json={"first_day": first, "last_day": last})


@pytest.fixture
async def learned(database: Database, learner: Account, held_clock: HeldClock) -> None:
    """Weekdays to the 24th but the 17th, which a freeze saved, the 19th, a holiday, and the 20th; a break on
    the 26th; today is Friday, the 27th."""
    async with database.write() as session:
        session.add(CalendarDay(day="2026-11-19", name="Founders' Day"))
    await learned_on(database, learner.id, weekdays(2, 24, missed=(17, 19, 20)))
    held_clock.moment = datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert (await plan(learner, "2026-11-26", "2026-11-26")).status_code == 201
    held_clock.moment = datetime(2026, 11, 27, 9, tzinfo=UTC)


@on_both_databases
@pytest.mark.usefixtures("learned")
async def test_card_calendar_and_api_agree(learner: Account) -> None:
    told = (await learner.api.get(STREAK)).json()
    states = {one["day"]: one["state"] for one in told["days"]}
    assert [states[f"2026-11-{day}"] for day in (16, 17, 18, 19, 20, 21)] == [
        *("learned", "frozen", "learned"),
        *("off", "missed", "off"),
    ]
    assert [states[f"2026-11-{day}"] for day in (24, 25, 26, 27)] == ["learned", "missed", "off", "open"]
    assert (told["freezes_earned"], told["freezes_used"]) == (["2026-11-10"], ["2026-11-17"])
    page = (await learner.api.get("/dashboard/streak")).text
    shown = {f"2026-11-{int(day):02d}": state for state, day in CELL.findall(page)}
    assert shown == {day: states.get(day, "before" if day < "2026-11-02" else "ahead") for day in NOVEMBER}
    stats = (await learner.api.get("/api/gamification/stats")).json()["streak"]
    week = {one["day"]: one["state"] for one in stats["week"]}
    assert week == {day: shown.get(day, "ahead") for day in week}
    assert (stats["current"], stats["longest"]) == (told["current"], told["longest"])
    card = (await learner.api.get("/dashboard")).text
    assert WEEK_DAY.findall(card) == list(week.values())
    assert "A freeze saved November 17, 2026." in card


@pytest.mark.usefixtures("learned")
async def test_days_are_those_of_the_institution_wherever_the_browser_is(
    learner: Account, database: Database, held_clock: HeldClock
) -> None:
    """In Auckland it is tomorrow already."""
    async with database.write() as session:
        session.add(Institution(id=1, name="Otago", time_zone="Pacific/Auckland", day_start_hour=0))
    held_clock.moment = datetime(2026, 11, 27, 13, tzinfo=UTC)
    told = (await learner.api.get(STREAK)).json()
    assert told["today"] == "2026-11-28"
    assert told["days"][-2] == {"day": "2026-11-27", "state": "missed"}
    assert (
        'aria-current="date"><span class="day-number">28' in (await learner.api.get("/dashboard/streak")).text
    )


@on_both_databases
async def test_breaks(learner: Account, database: Database, held_clock: HeldClock) -> None:
    """Planned, refused, ended early, withdrawn; XP stays as it is."""
    await learned_on(database, learner.id, ["2026-11-20"])
    before = await xp_of(database, learner.id)
    today = await plan(learner, "2026-11-22", "2026-11-24")
    assert (today.status_code, "tomorrow at the earliest" in today.text) == (400, True)
    made = await plan(learner, "2026-11-23", "2026-12-22")
    assert made.json()["state"] == "planned"
    assert (await plan(learner, "2026-11-23", "2026-12-22")).json() == made.json()  # sent twice
    assert (await plan(learner, "2026-12-22", "2026-12-24")).status_code == 409
    later = (await plan(learner, "2026-12-23", "2026-12-24")).json()
    assert (await learner.api.delete(f"{BREAKS}/{later['id']}")).status_code == 204
    assert (await learner.api.delete(f"{BREAKS}/{later['id']}")).status_code == 404
    held_clock.moment = datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert (await learner.api.delete(f"{BREAKS}/{made.json()['id']}")).status_code == 204
    told = (await learner.api.get(STREAK)).json()
    assert told["breaks"] == [made.json() | {"last_day": "2026-11-25", "state": "over"}]
    assert (await learner.api.delete(f"{BREAKS}/{made.json()['id']}")).status_code == 409
    held_clock.moment = datetime(2026, 11, 27, 9, tzinfo=UTC)
    states = [one["state"] for one in (await learner.api.get(STREAK)).json()["days"][-5:]]
    assert states == ["off", "off", "off", "missed", "open"]
    await learner.api.post("/api/gamification/streak/update")
    assert await xp_of(database, learner.id) == before


@pytest.mark.usefixtures("learned")
async def test_a_day_off_does_not_ask_to_learn(
    learner: Account, database: Database, held_clock: HeldClock
) -> None:
    update = "/api/gamification/streak/update"
    assert (await learner.api.post(update)).json()["message"] == "Learn something today to go on with it."
    held_clock.moment = datetime(2026, 11, 28, 9, tzinfo=UTC)  # a Saturday
    for _ in range(2):
        told = (await learner.api.post(update)).json()["message"]
        assert told == "Today is a day off: your streak stays as it is."
        assert told in (await learner.api.get("/dashboard")).text
        await learned_on(database, learner.id, ["2026-11-28"])


@on_both_databases
async def test_three_breaks_a_year_whoever_asks_at_once(learner: Account) -> None:
    asked = [plan(learner, f"2026-12-{day:02d}", f"2026-12-{day:02d}") for day in range(1, 13)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert statuses == [201] * 3 + [409] * 9
    assert (await plan(learner, "2027-01-01", "2027-01-30")).status_code == 201


async def test_break_form(learner: Account) -> None:
    page = "/dashboard/streak"
    refused = await learner.browser.post(
        f"{page}/breaks", data={"first_day": "2026-11-23", "last_day": "2026-12-23"}
    )
    assert refused.status_code == 422
    assert "A break has at most 30 days." in refused.text
    assert 'value="2026-12-23"' in refused.text
    made = await learner.browser.post(
        f"{page}/breaks", data={"first_day": "2026-11-23", "last_day": "2026-12-20"}
    )
    assert made.status_code == 303
    shown = (await learner.browser.get(page)).text
    stop = re.search(r'action="([^"]+/stop)"', shown)
    assert stop
    assert "Withdraw" in shown
    assert (await learner.browser.post(stop[1])).status_code == 303
    assert not re.search(r"/stop", (await learner.browser.get(page)).text)


async def test_card_is_for_those_who_learn(world: World, learner: Account, instructor: Account) -> None:
    lesson = await world.lesson()
    assert "game-card" in (await learner.browser.get("/dashboard")).text
    assert "game-card" not in (await instructor.browser.get("/dashboard")).text
    await world.completed(lesson, instructor)
    assert "game-card" in (await instructor.browser.get("/dashboard")).text


async def test_achievements_page(world: World, learner: Account, database: Database) -> None:
    for number in range(3):
        await world.person(f"P{number}")
    await world.completed(await world.lesson(), learner, await world.person("Emmy"))
    shown = (await learner.browser.get("/dashboard/achievements")).text
    assert "1 of 12 unlocked" in shown
    assert "40 % of learners" in shown
    assert "Nobody has it yet" in shown
    told = {one["id"]: one for one in (await learner.api.get("/api/gamification/achievements")).json()}
    assert told["first_steps"]["learners_percent"] == 40
    assert (told["learning_enthusiast"]["progress"], told["learning_enthusiast"]["threshold"]) == (1, 10)
