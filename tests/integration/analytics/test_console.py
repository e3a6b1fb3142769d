"""Pages of analytics: their figures, filter, files, and what is behind each figure."""

import csv
import io
import json
import re
from datetime import timedelta
from xml.etree import ElementTree
from zipfile import ZipFile

import httpx
import pytest
from sqlalchemy import select, update

from server.analytics.console import asking, building, rows
from server.analytics.console.tables import TABLES
from server.analytics.definitions import BY_ID
from server.analytics.definitions.system import SYSTEM
from server.analytics.rollups import tasks as rollups
from server.analytics.rollups.collecting import collect
from server.core.text.csv_lines import BYTE_ORDER_MARK
from storage.database.engine import Database
from storage.database.tables import AnalyticsDay, Course, CourseInstructor, PlatformAnalytics
from tests.fixtures.database import on_both_databases
from tests.fixtures.server_process import Campus
from tests.fixtures.web import Account, HeldClock
from tests.integration.analytics.opening import Figures
from tests.integration.pages.markup import faults
from tests.world import busy
from tests.world.builder import World
from tests.world.clock import START

HERE = "/admin/analytics"
TODAY = START.date().isoformat()
YESTERDAY = (START - timedelta(days=1)).date().isoformat()


@pytest.fixture
def office(administrator: Account) -> httpx.AsyncClient:
    return administrator.browser


@pytest.fixture
async def course(world: World, learner: Account, instructor: Account) -> Course:
    """Named like a formula; with a lesson that the learner has completed, and 90 seconds of it watched."""
    course = await world.course("=Optics", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course)
    await world.video(lesson)
    await world.watched(await world.reload(lesson), learner, ((0, 600),))
    await world.completed(lesson, learner)
    await collect(world.database, START)
    return course


async def test_every_figure_opens_its_definition(office: httpx.AsyncClient, world: World) -> None:
    course_ids = await busy.fill(world, people=40, days=120)
    for path in (HERE, f"{HERE}?range=90&compare=year", f"{HERE}/courses/{course_ids[0]}"):
        found = Figures((await office.get(path)).text)
        assert found.unopened == [], path
        assert found.opened > 100


async def test_walk_finds_a_figure_without_a_link() -> None:
    found = Figures("<main><p>12</p><p><a href='/admin/analytics/metrics/uploads'>13</a></p></main>")
    assert (found.unopened, found.opened) == (["12"], 1)


async def test_page_shows_the_figures_of_the_api(
    office: httpx.AsyncClient, administrator: Account, world: World
) -> None:
    await busy.fill(world, people=40, days=120)
    shown = (await office.get(f"{HERE}?range=30")).text
    asked = (await administrator.api.get("/api/admin/analytics", params={"days": 30})).json()
    for metric, value in (
        ("people_total", asked["total_users"]),
        ("active_people", asked["active_users"]["value"]),
        ("enrolments_new", asked["new_enrollments"]["value"]),
        ("enrolments_completed", asked["completed_enrollments"]["value"]),
    ):
        assert f'href="{HERE}/metrics/{metric}">{value:,}</a>' in shown, metric


@on_both_databases
async def test_everything_is_counted_with_every_filter(world: World, database: Database) -> None:
    course_ids = await busy.fill(world, people=30, days=60)
    person = await world.person("Ada Adams")
    team = await world.team("10b", person)
    filters: list[dict[str, str]] = [{}, {"course": course_ids[0]}, {"team": team.id}]
    async with database.read() as session:
        teacher = await session.scalar(select(CourseInstructor.user_id).limit(1))
        filters.append({"instructor": str(teacher), "compare": "year", "range": "90"})
        for chosen in filters:
            asked = await asking.asked(session, chosen, START)
            found = await building.console(session, asked.ask)
            assert all(make(found).columns for make in TABLES.values())
            for metric in BY_ID.values():
                behind = await rows.behind(session, asked.ask, metric, asked.ask.days)
                assert len(behind.states) == len(behind.table.rows)
                shown = await rows.value(session, asked.ask, metric)
                if metric.kind == "sum":
                    assert shown[0].value == sum(int(row[1] or 0) for row in behind.table.rows)
        everything = await building.console(session, (await asking.asked(session, {}, START)).ask)
        assert sum(sum(days.values()) for days in everything.revenue.values()) > 0


@pytest.mark.parametrize("metric", BY_ID)
async def test_every_metric_has_a_page_with_its_rows(
    office: httpx.AsyncClient, course: Course, metric: str
) -> None:
    answer = await office.get(f"{HERE}/metrics/{metric}?range=7")
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert BY_ID[metric].counts.replace("'", "&#39;") in answer.text
    for kind in ("csv", "xlsx"):
        assert (await office.get(f"{HERE}/rows/{metric}.{kind}?range=7")).status_code == 200
    assert (await office.get(f"{HERE}/metrics/nothing")).status_code == 404


async def test_filter_applies_to_page_definition_and_files(
    office: httpx.AsyncClient, world: World, course: Course, learner: Account
) -> None:
    other = await world.course("Waves", learners=[learner])
    for chosen, count in ((course.id, 1), (other.id, 0)):
        query = f"?range=7&course={chosen}"
        assert (
            f'href="{HERE}/metrics/people_total{query}'.replace("&", "&amp;")
            in (await office.get(HERE + query)).text
        )
        rows = read_csv((await office.get(f"{HERE}/rows/lessons_completed.csv{query}")).text)
        assert sum(int(row["Completed lessons"]) for row in rows) == count
        rows = read_csv((await office.get(f"{HERE}/tables/courses.csv{query}")).text)
        assert len(rows) == 1
    team = await world.team("10b")
    rows = read_csv((await office.get(f"{HERE}/tables/courses.csv?team={team.id}")).text)
    assert [row["Completed enrolments"] for row in rows] == ["0", "0"]


def read_csv(text: str) -> list[dict[str, str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text[1:])))


@pytest.mark.parametrize("name", TABLES)
async def test_every_table_is_a_csv_and_an_xlsx_file_with_the_same_rows(
    office: httpx.AsyncClient, course: Course, world: World, name: str
) -> None:
    plain = await office.get(f"{HERE}/tables/{name}.csv?range=7")
    assert plain.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(plain.text[1:])))
    book = await office.get(f"{HERE}/tables/{name}.xlsx?range=7")
    with ZipFile(io.BytesIO(book.content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{space}row")]
    assert cells[0] == rows[0]
    assert len(cells) == len(rows)
    assert (await office.get(f"{HERE}/tables/{name}.pdf")).status_code == 404


IN_VAIN = ("first=2026-12-01&last=2026-12-02", "range=custom&first=abc&last=x", "range=custom", "range=abc")


@pytest.mark.parametrize("asked", IN_VAIN)
async def test_files_refuse_days_that_cannot_be(
    office: httpx.AsyncClient, instructor: Account, course: Course, asked: str
) -> None:
    """Of the last 30 days they would be figures of something else."""
    assert "Choose a first and a last day" in (await office.get(f"{HERE}?{asked}")).text
    of_course = f"/teach/courses/{course.id}/analytics/tables/learning.csv"
    for browser, path in (
        (office, f"{HERE}/tables/figures.csv"),
        (office, f"{HERE}/tables/figures.xlsx"),
        (office, f"{HERE}/rows/lessons_completed.csv"),
        (instructor.browser, "/teach/analytics/tables/learning.xlsx"),
        (instructor.browser, of_course),
    ):
        answer = await browser.get(f"{path}?{asked}")
        assert answer.status_code == 400, path
        assert "Choose a first and a last day" in answer.text


async def test_figures_have_those_of_the_cards_and_say_their_days(
    office: httpx.AsyncClient, administrator: Account, world: World, course: Course
) -> None:
    await world.payment(amount=1005, at="2026-11-20")
    await world.payment(amount=500, at="2026-11-13", currency="JPY")
    await world.payment(kind="recurring", amount=1200, at="2026-09-10", automatic=False)
    path = f"{HERE}/tables/figures"
    rows = read_csv((await office.get(f"{path}.csv?range=7")).text)
    days = {"First day": "2026-11-16", "Last day": TODAY}
    days |= {"First compared day": "2026-11-09", "Last compared day": "2026-11-15"}
    assert all(days.items() <= row.items() for row in rows)
    found = {(row["Figure"], row["Unit"]): (row["These days"], row["Compared days"]) for row in rows}
    assert len(found) == len(rows)
    assert found["Learners", "people"] == ("1", "")
    asked = (await administrator.api.get("/api/admin/analytics", params={"days": 7})).json()
    active = asked["active_users"]
    assert found["Active people", "people"] == (str(active["value"]), str(active["before"]))
    assert found["Completion rate", "percent"] == ("100.0", "")
    assert found["Revenue", "EUR"] == ("10.05", "0.00")
    assert found["Revenue", "JPY"] == ("0", "500")
    assert found["Monthly recurring revenue", "EUR"] == ("12.00", "12.00")
    assert found["Completed lessons", "lessons"] == ("1", "0")
    year = read_csv((await office.get(f"{path}.csv?range=7&compare=year")).text)
    mrr = next(row for row in year if row["Figure"] == "Monthly recurring revenue")
    assert (mrr["Compared days"], mrr["Last compared day"]) == ("", "2025-11-23")
    book = await office.get(f"{path}.xlsx?range=7")
    with ZipFile(io.BytesIO(book.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '<c s="6"><v>10.05</v></c>' in sheet  # with two decimal places


async def test_formulas_are_defused(office: httpx.AsyncClient, course: Course) -> None:
    rows = read_csv((await office.get(f"{HERE}/tables/courses.csv")).text)
    assert rows[0]["Course"] == "'=Optics"


async def test_wrong_days_are_told_and_the_filter_stays(office: httpx.AsyncClient, course: Course) -> None:
    answer = await office.get(f"{HERE}?range=custom&first=2026-12-31&last=x&course={course.id}")
    assert answer.status_code == 200
    assert "Choose a first and a last day" in answer.text
    assert f'value="{course.id}" selected' in answer.text


async def test_days_are_computed_again(
    administrator: Account, course: Course, database: Database, held_clock: HeldClock
) -> None:
    office = administrator.api  # the browser's session ends before the next day
    held_clock.advance(days=1)
    await rollups.compute_dirty(database, held_clock.now(), 10)
    async with database.write() as session:
        await session.execute(update(PlatformAnalytics).values(lessons_completed=7))
    metric = f"{HERE}/metrics/lessons_completed"
    assert ">7</td>" in (await office.get(metric + "?range=7")).text
    answer = await office.post(f"{metric}/recompute?range=7")
    assert answer.headers["location"] == f"{metric}?range=7"
    shown = (await office.get(metric + "?range=7")).text
    assert ">7</td>" not in shown
    assert ">1</td>" in shown


async def test_many_days_are_left_to_the_scheduled_task(
    administrator: Account, course: Course, database: Database, held_clock: HeldClock
) -> None:
    office = administrator.api
    held_clock.advance(days=1)
    await rollups.compute_dirty(database, held_clock.now(), 10)
    await office.post(f"{HERE}/metrics/lessons_completed/recompute?range=90")
    async with database.read() as session:
        day = await session.get_one(AnalyticsDay, TODAY)
    assert day.generation > day.computed


async def test_rows_are_paged(office: httpx.AsyncClient, course: Course) -> None:
    first = (await office.get(f"{HERE}/metrics/lessons_completed?range=90")).text
    assert 'rel="next"' in first
    assert "November 22, 2026</th>" in first
    last = (await office.get(f"{HERE}/metrics/lessons_completed?range=90&page=3")).text
    assert 'rel="next"' not in last
    assert "November 22, 2026</th>" not in last


async def test_unknown_course_is_not_found(office: httpx.AsyncClient) -> None:
    for path in ("courses/none", "instructors/none", "reports/week-2026-W47.txt", "reports/..%2Fkeys"):
        assert (await office.get(f"{HERE}/{path}")).status_code == 404


async def test_system_page_shows_each_figure_now(office: httpx.AsyncClient, administrator: Account) -> None:
    shown = (await office.get(f"{HERE}/system")).text
    health = (await administrator.api.get("/api/admin/analytics/system-health")).json()
    values = re.findall(r'id="figure-(\w+)".*?<dd class="definition-value">(.*?)</dd>', shown)
    assert [name for name, _ in values] == [one.id for one in SYSTEM]
    found = dict(values)
    assert found["queue_depth"] == found["workers"] == "0"
    assert found["oldest_job_seconds"] == "–"
    assert found["active_sessions"] == str(health["active_sessions"])
    assert found["version"] == health["version"]
    assert found["disk"][-2:] in ("MB", "GB", "TB")
    assert found["uptime_seconds"][-1] in "sn"


async def test_figures_of_today_are_events(campus: Campus) -> None:
    """On a real server process, for administrators alone."""
    learner = await campus.world.person("Emmy Noether")
    await campus.world.course("Optics", learners=[learner])
    async with campus.client("administrator") as client, client.stream("GET", f"{HERE}/today") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                found = json.loads(line.removeprefix("data:"))
                assert found["figures"]["enrolments_new"] == "1"
                assert ":" in found["as_of"]
                break
    async with campus.client("learner") as client:
        assert (await client.get(f"{HERE}/today")).status_code == 403
