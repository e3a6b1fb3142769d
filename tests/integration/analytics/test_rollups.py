"""Daily rows: the same however often and by however many they are computed, late facts, and sealed days."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from server.analytics.rollups import aggregating, counting, marking, tasks
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.checking import last_check, verify
from server.analytics.rules import Range, later
from storage.database.engine import Database
from storage.database.tables import (
    AnalyticsDay,
    CourseAnalytics,
    InstructorAnalytics,
    PlatformAnalytics,
    User,
)
from storage.states import FactKind
from storage.states.privacy import RetentionKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import HeldClock
from tests.integration.analytics.year import BEGIN, Done, Year, make_year

NOW = datetime.fromisoformat("2032-04-20T09:02:00+00:00")
TODAY = "2032-04-20"
MARCH = Range("2032-02-27", "2032-03-08")  # over a leap day and the end of a month


@pytest.fixture
async def year(database: Database) -> Year:
    return await make_year(database, "Europe/Berlin", 4, size=100, people=5)


async def stored(database: Database) -> dict[str, list[Any]]:
    async with database.read() as session:
        return {
            table.__tablename__: [
                tuple(row)
                for row in await session.execute(
                    select(*table.__table__.columns).order_by(*table.__table__.c[:2])
                )
            ]
            for table in (PlatformAnalytics, CourseAnalytics, InstructorAnalytics)
        }


async def dirty(database: Database) -> set[str]:
    row = AnalyticsDay
    async with database.read() as session:
        return set(await session.scalars(select(row.day).where(row.generation > row.computed)))


async def column(database: Database, day: str, metric: str) -> int:
    async with database.read() as session:
        return int(getattr(await session.get_one(PlatformAnalytics, day), metric))


@on_both_databases
async def test_days_are_the_same_however_often_they_are_computed(database: Database, year: Year) -> None:
    first = await aggregate(database, MARCH.days, TODAY, NOW)
    assert list(first.computed) == MARCH.days
    rows = await stored(database)
    assert len(rows["platform_analytics"]) == MARCH.count
    assert rows["course_analytics"]
    assert rows["instructor_analytics"]
    await aggregate(database, MARCH.days, TODAY, NOW)
    assert await stored(database) == rows
    await asyncio.gather(*(aggregate(database, MARCH.days, TODAY, NOW) for _ in range(3)))
    assert await stored(database) == rows
    check = await verify(database, MARCH, HeldClock())
    assert (check.days, check.skipped, check.found) == (MARCH.count, 0, 0)


async def test_rows_are_the_figures_of_their_days(database: Database, year: Year) -> None:
    await aggregate(database, MARCH.days, TODAY, NOW)
    for metric, expected in year.figures().items():
        for day in MARCH.days:
            total = sum(value for (one, _), value in expected.items() if one == day)
            assert await column(database, day, metric) == total, (day, metric)
    async with database.read() as session:
        by_course = select(func.sum(CourseAnalytics.watch_seconds))
        by_teacher = select(func.sum(InstructorAnalytics.watch_seconds))
        watched = await session.scalar(by_course)
        assert watched
        assert watched == await session.scalar(by_teacher)


async def test_killed_half_way_is_done_again(
    database: Database, year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aggregate(database, MARCH.days, TODAY, NOW)
    rows = await stored(database)
    store = aggregating._store

    async def dies(session: Any, day: str, *rest: Any) -> None:
        await store(session, day, *rest)
        if day == "2032-03-05":
            raise RuntimeError("killed")

    async with database.write() as session:
        await session.execute(delete(CourseAnalytics))  # so that what the dying one wrote can be told
    monkeypatch.setattr(aggregating, "_store", dies)
    with pytest.raises(RuntimeError):
        await aggregate(database, MARCH.days, TODAY, NOW)
    monkeypatch.undo()
    left = await dirty(database)
    assert {"2032-03-05", MARCH.last} <= left
    assert "2032-03-04" not in left
    await aggregate(database, left & set(MARCH.days), TODAY, NOW)
    for name, found in (await stored(database)).items():
        assert set(map(str, rows[name])) <= set(map(str, found))
    check = await verify(database, MARCH, HeldClock())
    assert (check.days, check.found) == (MARCH.count, 0)


@on_both_databases
async def test_late_facts_mark_their_days(database: Database, year: Year) -> None:
    await aggregate(database, MARCH.days, TODAY, NOW)
    assert not await dirty(database) & set(MARCH.days)
    at = datetime.fromisoformat("2032-03-05T12:00:00+00:00")
    person, course_id = next(iter(year.people)), year.lessons[0].course_id
    before = await column(database, "2032-03-05", "lessons_completed")
    await year.write([Done(FactKind.LESSON_COMPLETED, person, course_id, at)])
    assert await dirty(database) & set(MARCH.days) == {"2032-03-05"}
    await aggregate(database, ["2032-03-05"], TODAY, NOW)
    assert await column(database, "2032-03-05", "lessons_completed") == before + 1
    assert (await verify(database, MARCH, HeldClock())).found == 0


@on_both_databases
async def test_fact_during_an_aggregation_is_not_lost(
    database: Database, year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, at = "2032-03-05", datetime.fromisoformat("2032-03-05T12:00:00+00:00")
    person, course_id = next(iter(year.people)), year.lessons[0].course_id

    async def and_then_a_fact(*given: Any) -> Any:
        found = await counting.counted(*given)
        await year.write([Done(FactKind.LESSON_COMPLETED, person, course_id, at)])
        return found

    monkeypatch.setattr(aggregating, "counted", and_then_a_fact)
    await aggregate(database, [day], TODAY, NOW)
    monkeypatch.undo()
    assert day in await dirty(database)
    await aggregate(database, [day], TODAY, NOW)
    assert (await verify(database, Range(day, day), HeldClock())).found == 0


@on_both_databases
async def test_older_aggregation_does_not_replace_a_newer_one(database: Database, year: Year) -> None:
    day = "2032-03-05"
    async with database.write() as session:
        older = await marking.claim(session, [day])
    await aggregate(database, [day], TODAY, NOW)
    async with database.write() as session:
        assert not await marking.computed(session, day, older[day], NOW)


async def test_tampered_row_is_named(database: Database, year: Year) -> None:
    await aggregate(database, MARCH.days, TODAY, NOW)
    async with database.write() as session:
        row = PlatformAnalytics
        values = {"watch_seconds": row.watch_seconds + 7}
        await session.execute(update(row).where(row.day == "2032-03-03").values(values))
    check = await verify(database, MARCH, HeldClock())
    assert [(one.day, one.row, one.metric) for one in check.differences] == [
        ("2032-03-03", "platform", "watch_seconds")
    ]
    assert check.differences[0].stored == check.differences[0].computed + 7
    async with database.read() as session:
        assert await last_check(session) == check


@on_both_databases
async def test_deleted_people_keep_their_counts_on_sealed_days(database: Database, year: Year) -> None:
    gone, other = list(year.people)[:2]
    async with database.write() as session:
        await session.execute(delete(User).where(User.id == gone))
    year.forget(gone)  # before anything was computed: nobody has counted them
    await aggregate(database, MARCH.days, TODAY, NOW)
    rows = await stored(database)
    async with database.write() as session:
        assert await marking.seal_person(session, other, NOW) > 0
        await session.execute(delete(User).where(User.id == other))
    again = await aggregate(database, MARCH.days, TODAY, NOW)
    assert again.sealed
    assert set(again.sealed) | set(again.computed) == set(MARCH.days)
    assert await stored(database) == rows
    check = await verify(database, MARCH, HeldClock())
    assert (check.found, check.skipped) == (0, len(again.sealed))


async def test_days_whose_facts_are_gone_are_sealed(database: Database, year: Year) -> None:
    await aggregate(database, MARCH.days, TODAY, NOW)
    async with database.write() as session:
        assert await marking.seal_before(session, "2032-03-01", RetentionKind.FACTS, NOW) == 3
    late = datetime.fromisoformat("2032-02-28T12:00:00+00:00")
    await year.write([Done(FactKind.ENROLLED, next(iter(year.people)), year.lessons[0].course_id, late)])
    rows = await stored(database)
    done = await aggregate(database, ["2032-02-28", "2032-03-02"], TODAY, NOW)
    assert (done.sealed, done.computed) == (("2032-02-28",), ("2032-03-02",))
    assert await stored(database) == rows


async def test_task_computes_every_day_that_is_over(database: Database, year: Year) -> None:
    done = await tasks.compute_dirty(database, BEGIN + timedelta(days=9, hours=9), budget=60)
    async with database.read() as session:
        first = await tasks.first_day(session)
        days = list(await session.scalars(select(PlatformAnalytics.day).order_by(PlatformAnalytics.day)))
    assert first
    assert days == Range(first, "2032-01-09").days
    assert done == len(days)
    assert await tasks.compute_dirty(database, BEGIN + timedelta(days=9, hours=9), budget=60) == 0


async def test_changed_role_marks_the_day_of_the_account(database: Database, year: Year) -> None:
    person = next(iter(year.people))
    async with database.read() as session:
        day = (await session.get_one(User, person)).created_day
    assert day is not None
    tomorrow = later(day, 1)
    await aggregate(database, [day], tomorrow, NOW)
    before = await column(database, day, "people_new")
    async with database.write() as session:
        await session.execute(update(User).where(User.id == person).values(role="instructor"))
        await marking.on_person(session, person)
    assert day in await dirty(database)
    await aggregate(database, [day], tomorrow, NOW)
    assert await column(database, day, "people_new") == before - 1


@on_both_databases
async def test_facts_of_many_transactions_at_once(database: Database, year: Year) -> None:
    """Aggregations beside facts: in the end everything is counted."""
    day = "2032-03-05"

    async def write(number: int) -> None:
        at = datetime.fromisoformat("2032-03-05T12:00:00+00:00") + timedelta(seconds=number)
        await year.write([Done(FactKind.ENROLLED, next(iter(year.people)), year.lessons[0].course_id, at)])

    async def compute() -> None:
        for _ in range(3):
            await aggregate(database, [day], TODAY, NOW)

    await asyncio.gather(*(write(number) for number in range(12)), compute(), compute())
    if day in await dirty(database):
        await aggregate(database, [day], TODAY, NOW)
    expected = sum(value for (one, _), value in year.figures()["enrolments_new"].items() if one == day)
    assert await column(database, day, "enrolments_new") == expected
