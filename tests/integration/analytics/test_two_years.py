"""The two years that the benchmark of analytics generates: the same each time, computed and checked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from benchmarks.years.people import DAYS, Done, Paid, Person, Session, two_years
from benchmarks.years.writing import fill
from server.analytics.rollups import marking, tasks
from server.analytics.rollups.checking import verify
from server.analytics.rules import Range
from server.core import events
from storage.database.engine import Database
from storage.database.tables import CourseAnalytics, LearningEvent, VideoAnalytics
from storage.states import FactKind
from tests.fixtures.database import NewSqlite
from tests.fixtures.web import HeldClock

END = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
PEOPLE, COURSES = 30, 4


async def test_computed_and_checked_without_a_difference(tmp_path: Path, new_sqlite: NewSqlite) -> None:
    database: Database = new_sqlite(tmp_path / "skillstudio.db")
    await database.close()
    fill(tmp_path / "skillstudio.db", PEOPLE, COURSES, END)
    events.bind(database, {}, days=(marking.mark,))
    computed = await tasks.backfill(database, None, END)
    async with database.read() as session:
        facts = await session.scalar(select(func.count()).select_from(LearningEvent))
        watched = await session.scalar(select(func.sum(func.floor(VideoAnalytics.watch_seconds))))
        day, course_id, stored = (
            await session.execute(
                select(CourseAnalytics.day, CourseAnalytics.course_id, CourseAnalytics.watch_seconds)
                .where(CourseAnalytics.watch_seconds > 0)
                .order_by(CourseAnalytics.day.desc())
                .limit(1)
            )
        ).one()
    assert facts == sum(isinstance(one, Done) for one in two_years(PEOPLE, COURSES, END))
    days = Range(computed[0], computed[-1])
    assert DAYS - 30 < days.count < DAYS
    assert (days.last, len(computed)) == ((END - timedelta(days=1)).date().isoformat(), days.count)
    good = await verify(database, days, HeldClock())
    assert (good.days, good.skipped, good.found) == (days.count, 0, 0)
    assert watched
    async with database.write() as session:
        row = CourseAnalytics
        wrong = update(row).where(row.day == day, row.course_id == course_id)
        await session.execute(wrong.values(watch_seconds=stored + 1))
    check = await verify(database, days, HeldClock())
    assert [(one.day, one.row, one.metric) for one in check.differences] == [
        (day, f"course {course_id}", "watch_seconds"),
    ]
    assert (check.differences[0].stored, check.differences[0].computed) == (stored + 1, stored)
    await database.close()


def test_same_seed_gives_the_same_rows() -> None:
    one, other = (list(two_years(50, 5, END)) for _ in range(2))
    assert one == other
    people = {row.number: row.joined for row in one if isinstance(row, Person)}
    assert len(people) == 50
    for row in one:
        if isinstance(row, Session | Done | Paid):
            assert people[row.person] <= row.at <= END.timestamp()


def test_facts_are_written_once() -> None:
    facts = [row for row in two_years(200, 5, END) if isinstance(row, Done)]
    keys = {(row.person, row.kind, row.course, row.lesson, row.number) for row in facts}
    assert len(keys) == len(facts)
    enrolled = {(row.person, row.course) for row in facts if row.kind == FactKind.ENROLLED}
    assert {(row.person, row.course) for row in facts} == enrolled
