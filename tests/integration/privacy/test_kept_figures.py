"""Retention changes no figure: each is what it was or not known any more, on pages, in the API and files."""

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.queries import journeys, series, sums, top
from server.analytics.queries.figures import totals
from server.analytics.rollups import tasks
from server.analytics.rollups.checking import LeftOut, LeftOutFor, last_check, verify
from server.analytics.rules import Range, later, trailing
from server.gamification.learner import stats
from server.operations.privacy import retention
from server.operations.privacy.erasing import service as erasing
from server.watching.insight.lesson import lesson_insight
from storage.database.engine import Database
from storage.database.tables import (
    AuditEntry,
    CourseInstructor,
    Lesson,
    VideoAnalytics,
    WatchCoverage,
    WatchDay,
)
from storage.states.privacy import AuditAction, RetentionKind
from tests.fixtures.copies import Filled
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.analytics.year import Year, make_year
from tests.world.clock import START
from tests.world.teams import add_team

TODAY, EDGE = "2032-12-30", "2032-09-30"  # three months before: earlier days lose their facts
YEAR = Range("2032-01-10", "2032-12-29")
SPANS = (YEAR, trailing(TODAY, 30), trailing(TODAY, 90), Range("2032-05-01", "2032-05-31"))
LIMITS: dict[RetentionKind, int | None] = {RetentionKind.SESSIONS: 3, RetentionKind.FACTS: 3}
ANALYTICS = "/admin/analytics"
END_OF_YEAR = START.replace(year=2032, month=12, day=30)


@pytest.fixture
def now(held_clock: HeldClock) -> HeldClock:
    held_clock.moment = END_OF_YEAR
    return held_clock


@pytest.fixture
async def year(filled: Filled, database: Database, now: HeldClock) -> Year:
    """A year of three courses of one instructor; half of the people are in a team."""
    year: Year = await filled(computed_year)
    return year.copy(database)


async def computed_year(database: Database) -> Year:
    year = await make_year(database, "Europe/Berlin", 4, size=500, people=8)
    await tasks.backfill(database, None, END_OF_YEAR)
    return year


@pytest.fixture
async def scopes(database: Database, year: Year, now: HeldClock) -> dict[str, Scope]:
    course_id = year.lessons[0].course_id
    async with database.write() as session:
        team_id = (await add_team(session, "Tuesday", sorted(year.people)[:4], None, now.now())).id
        teacher = await session.scalar(select(CourseInstructor.user_id).limit(1))
    return {
        "everything": EVERYTHING,
        "course": Scope(course_id=course_id),
        "instructor": Scope(instructor_id=teacher),
        "team": Scope(team_id=team_id),
        "team in a course": Scope(course_id=course_id, team_id=team_id),
    }


async def thin(
    database: Database, now: HeldClock, limits: Mapping[RetentionKind, int | None]
) -> dict[str, int]:
    await retention.save(database, limits, now.now(), by=None)
    gone = await retention.apply(database, now.now())
    return {str(kind): count for kind, count in gone.items()}


async def counted(database: Database, scope: Scope) -> dict[str, Any]:
    """Every figure of a scope by name, from one reading."""
    found: dict[str, Any] = {}
    async with database.read() as session:
        for days in SPANS:
            found |= flat(f"{days.first} active", await series.active_days(session, scope, days))
            found |= flat(f"{days.first} sums", await sums.daily(session, scope, days))
            whole = await totals(session, scope, days)
            found |= flat(f"{days.first} sum", {name: one.value for name, one in whole.sums.items()})
            found |= flat(f"{days.first} before", {name: one.before for name, one in whole.sums.items()})
            active = whole.active_people
            found |= flat(f"{days.first} people", {"value": active.value, "before": active.before})
            for one in await top.courses(session, days, scope=scope):
                found[f"{days.first} {one.course_id} watched"] = one.watch_seconds
            for teacher in await top.instructors(session, days, scope=scope):
                found[f"{days.first} {teacher.user_id} watched"] = teacher.watch_seconds
        for cohort in await journeys.retention(session, scope, trailing(TODAY, 180)):
            found |= flat(cohort.week, dict(enumerate(cohort.active)))
    return found


def flat(title: str, values: Mapping[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(f"{title} {name}", value) if isinstance(value, Mapping) else {f"{title} {name}": value}
    return found


async def watched(database: Database, year: Year, now: HeldClock) -> list[int]:
    """Study time of each person, then each lesson's watched time."""
    async with database.read() as session:
        lessons = [await session.get_one(Lesson, one.id) for one in year.lessons]
        people = [await stats.stats(session, user_id, now.now()) for user_id in sorted(year.people)]
        insights = [await lesson_insight(session, lesson) for lesson in lessons]
    return [*(one.study_seconds for one in people), *(one.watch_seconds for one in insights)]


@on_both_databases
async def test_figures_are_the_same_or_not_known(
    database: Database, year: Year, scopes: dict[str, Scope], now: HeldClock
) -> None:
    before = {name: await counted(database, scope) for name, scope in scopes.items()}
    gone = await thin(database, now, LIMITS)
    assert min(gone.values()) > 50
    for name, scope in scopes.items():
        after = await counted(database, scope)
        assert after.keys() == before[name].keys()
        changed = {one for one, value in after.items() if value not in (None, before[name][one])}
        assert changed == set(), name
        unknown = {one for one, value in after.items() if value is None and before[name][one] is not None}
        assert bool(unknown) == (name != "everything"), name
        # Windows that do not reach into the days whose facts are gone.
        assert not [one for one in unknown if one.startswith(f"{SPANS[1].first} active")], name
        if name in ("course", "instructor"):
            assert not [one for one in unknown if " sum" in one or one.endswith("watched")], name
        if name == "course":
            assert not [one for one in unknown if " active active_people " in one]
            assert [one for one in unknown if " active active_month " in one]


@on_both_databases
async def test_time_watched_stays_and_goes_with_the_person(
    database: Database, year: Year, now: HeldClock
) -> None:
    before = await watched(database, year, now)
    await thin(database, now, {RetentionKind.SESSIONS: 8})
    assert await watched(database, year, now) == before
    await thin(database, now, LIMITS)
    await thin(database, now, LIMITS)
    assert await watched(database, year, now) == before
    person = max(year.people, key=lambda one: sum(row.seconds for row in year.played if row.user_id == one))
    await erasing.begin(database, person, now.now(), by=None)
    await erasing.run(database, person, now.now())
    async with database.read() as session:
        left = select(func.count()).where(WatchCoverage.user_id == person)
        assert await session.scalar(left) == 0
    year.forget(person)
    lessons = (await watched(database, year, now))[len(year.people) :]
    assert sum(lessons) == sum(row.seconds for row in year.played)


async def test_sum_of_a_person_who_is_watching_is_added_to(
    database: Database, year: Year, now: HeldClock
) -> None:
    """What heartbeats have written stays, and sessions of staff are not added."""
    lesson, user_id = year.lessons[0], next(iter(year.people))
    at = now.now() - timedelta(days=200)
    seen = {"spans": [[0, 600]], "covered": 600, "first_at": at, "last_at": now.now(), "views": 2}
    staff = VideoAnalytics(
        id="staff",
        user_id=user_id,
        lesson_id=lesson.id,
        started_at=at,
        last_at=at,
        watch_seconds=70,
        staff=True,
    )
    async with database.write() as session:
        session.add_all([WatchCoverage(user_id=user_id, lesson_id=lesson.id, **seen), staff])
    before = await watched(database, year, now)
    await thin(database, now, LIMITS)
    assert await watched(database, year, now) == before
    async with database.read() as session:
        row = await session.get_one(WatchCoverage, (user_id, lesson.id))
        assert (row.spans, row.covered, row.views, row.last_at) == ([[0, 600]], 600, 2, now.now())


@on_both_databases
async def test_what_is_announced_is_what_is_deleted_and_noted(
    database: Database, year: Year, now: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOT", 7)
    async with database.write() as session:  # of a lesson that was deleted: its seconds of days are left
        await session.delete(await session.get_one(Lesson, year.lessons[1].id))
    async with database.read() as session:
        told = await retention.reached(session, LIMITS, now.now())
        days = select(func.count()).where(WatchDay.day < EDGE)
        assert await session.scalar(days) or told[RetentionKind.SESSIONS] < 0  # some are of two days
    gone = await thin(database, now, LIMITS)
    assert gone == {str(kind): told[kind] for kind in LIMITS}
    async with database.read() as session:
        assert await session.scalar(days) == 0
        noted = await session.scalars(
            select(AuditEntry.data).where(AuditEntry.action == AuditAction.RETENTION_APPLIED)
        )
        assert list(noted) == [gone]
        assert set((await retention.reached(session, LIMITS, now.now())).values()) == {0}


@on_both_databases
async def test_course_and_its_lessons_have_watched_the_same_time(
    database: Database, year: Year, now: HeldClock
) -> None:
    ever = Range("2031-12-31", "2033-01-01")
    for limits in ({}, LIMITS):
        await thin(database, now, limits)
        lessons = (await watched(database, year, now))[len(year.people) :]
        of_courses = dict.fromkeys([one.course_id for one in year.lessons], 0)
        for lesson, seconds in zip(year.lessons, lessons, strict=True):
            of_courses[lesson.course_id] += seconds
        async with database.read() as session:
            found = await sums.by_course(session, ever, ["watch_seconds"])
        assert {one: found[one]["watch_seconds"] for one in of_courses} == of_courses


async def test_check_compares_the_other_days(database: Database, year: Year, now: HeldClock) -> None:
    await thin(database, now, LIMITS)
    check = await verify(database, YEAR, now)
    assert check.found == 0
    assert check.days == Range(EDGE, YEAR.last).count
    assert check.skipped == YEAR.count - check.days
    assert check.left_out == [LeftOut(YEAR.first, later(EDGE, -1), LeftOutFor.SEALED)]
    async with database.read() as session:
        assert await last_check(session) == check


PATHS = {
    "engagement": ANALYTICS + "/tables/engagement.csv",
    "figures": ANALYTICS + "/tables/figures.csv",
    "learning": ANALYTICS + "/tables/learning.csv",
    **{name: f"{ANALYTICS}/rows/{name}.csv" for name in ("active_people", "active_month", "watch_seconds")},
}


async def answers(administrator: Account, scope: Scope) -> dict[str, Any]:
    """Cells of files and numbers of the API, by their places."""
    named = {"course": scope.course_id, "instructor": scope.instructor_id, "team": scope.team_id}
    chosen = {name: own for name, own in named.items() if own}
    custom = {**chosen, "range": "custom", "first": YEAR.first, "last": TODAY}
    found: dict[str, Any] = {}
    for name, path in PATHS.items():
        text = (await administrator.browser.get(path, params=custom)).text
        for place, row in enumerate(csv.reader(io.StringIO(text))):
            found |= {f"{name} {place} {column}": cell for column, cell in enumerate(row)}
    for path in ("", "/engagement"):
        asked = await administrator.api.get(f"/api/admin/analytics{path}", params={**chosen, "days": 366})
        found |= flat(path, numbers(asked.json()))
    return found


def numbers(value: Any) -> Any:
    """Lists as mappings; without changes in percent, which follow from the counts."""
    if isinstance(value, list):
        return {place: numbers(one) for place, one in enumerate(value)}
    if isinstance(value, dict):
        return {name: numbers(one) for name, one in value.items() if name not in ("last_check", "as_of")}
    return value


@on_both_databases
async def test_pages_api_and_files_say_what_is_not_known(
    database: Database, year: Year, scopes: dict[str, Scope], now: HeldClock, administrator: Account
) -> None:
    before = {name: await answers(administrator, scope) for name, scope in scopes.items()}
    await thin(database, now, LIMITS)
    now.advance(minutes=1)
    for name, scope in scopes.items():
        after = await answers(administrator, scope)
        assert after.keys() == before[name].keys()
        changed = {
            one: (before[name][one], value)
            for one, value in after.items()
            if value not in (None, "", before[name][one])
        }
        assert changed == {}, name
        assert (after != before[name]) == (name != "everything")
    given = f"range=custom&first=2032-05-01&last=2032-05-31&course={scopes['course'].course_id}"
    for path in (ANALYTICS, f"{ANALYTICS}/metrics/active_people", f"{ANALYTICS}/metrics/active_month"):
        page = (await administrator.browser.get(f"{path}?{given}")).text
        assert "not known any more" in page, path
    everybody = (await administrator.browser.get(f"{ANALYTICS}?range=90")).text
    assert "not known any more" not in everybody
