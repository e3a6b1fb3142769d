"""Daily rows as the facts have them: by the definitions alone. Reads, writes nothing."""

from collections import defaultdict
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import SUMS, encoding, people
from server.analytics.definitions.scope import EVERYTHING
from server.analytics.rules import Range
from storage.database.tables import CourseAnalytics, CourseInstructor

Figures = dict[str, int]  # by the name of the column
OF_PEOPLE = ("active_people", "active_week", "active_month")
OF_INSTRUCTORS = tuple(name for name in SUMS if name != "people_new")
OF_COURSES = ("active_people", *OF_INSTRUCTORS)
OF_PLATFORM = (*OF_PEOPLE, *SUMS)


class DayRows(msgspec.Struct):
    """Figures of one local day."""

    platform: Figures
    courses: dict[str, Figures]  # by course, of those where something happened
    taught_by: dict[str, list[str]]  # instructors of these courses

    @property
    def instructors(self) -> dict[str, Figures]:
        """Sums of the courses of each instructor."""
        sums: dict[str, Figures] = {}
        for course_id, figures in self.courses.items():
            for user_id in self.taught_by.get(course_id, ()):
                own = sums.setdefault(user_id, dict.fromkeys(OF_INSTRUCTORS, 0))
                for name in OF_INSTRUCTORS:
                    own[name] += figures[name]
        return sums


async def counted(session: AsyncSession, days: Range) -> dict[str, DayRows]:
    """Step: rows of each of the days, all zero where nothing happened."""
    found = await summed(session, days)
    await _active(session, days, found)
    await _teachers(session, days, found)
    return found


async def summed(session: AsyncSession, days: Range) -> dict[str, DayRows]:
    """Step: rows with what is added up, without people and instructors."""
    found = {
        day: DayRows(platform=dict.fromkeys(OF_PLATFORM, 0), courses={}, taught_by={}) for day in days.days
    }
    for name, rows_of in SUMS.items():
        rows = rows_of(EVERYTHING, days).subquery()
        query = select(rows.c.day, rows.c.course_id, func.sum(rows.c.value))
        for day, course_id, value in await session.execute(query.group_by(rows.c.day, rows.c.course_id)):
            found[day].platform[name] += int(value)
            if course_id is not None:
                _of_course(found[day], course_id)[name] += int(value)
    return found


async def _active(session: AsyncSession, days: Range, found: dict[str, DayRows]) -> None:
    rows = people.active_in_courses(EVERYTHING, days).subquery()
    by_course = select(rows.c.day, rows.c.course_id, func.count()).group_by(rows.c.day, rows.c.course_id)
    for day, course_id, value in await session.execute(by_course):
        _of_course(found[day], course_id)["active_people"] = int(value)
    alone = people.active_rows(EVERYTHING, days).subquery()
    by_day = select(alone.c.day, func.count(alone.c.user_id.distinct())).group_by(alone.c.day)
    for day, value in await session.execute(by_day):
        found[day].platform["active_people"] = int(value)
    for day, own in found.items():
        own.platform["active_week"] = await people.active_week(session, EVERYTHING, day)
        own.platform["active_month"] = await people.active_month(session, EVERYTHING, day)


def _of_course(rows: DayRows, course_id: str) -> Figures:
    return rows.courses.setdefault(course_id, dict.fromkeys(OF_COURSES, 0))


async def _teachers(session: AsyncSession, days: Range, found: dict[str, DayRows]) -> None:
    """As the stored rows of courses have them; who teaches now, where there is none yet."""
    now: dict[str, list[str]] = defaultdict(list)
    pairs = select(CourseInstructor.course_id, CourseInstructor.user_id).order_by(CourseInstructor.user_id)
    for course_id, user_id in await session.execute(pairs):
        now[course_id].append(user_id)
    row = CourseAnalytics
    stored: dict[tuple[str, str], list[Any]] = {}
    columns = select(row.day, row.course_id, row.taught_by).where(row.day.between(days.first, days.last))
    for day, course_id, taught_by in await session.execute(columns):
        stored[day, course_id] = taught_by
    for day, own in found.items():
        own.taught_by = {one: stored.get((day, one), now.get(one, [])) for one in own.courses}


async def measured_storage(session: AsyncSession) -> int:
    return await encoding.storage_bytes(session, EVERYTHING)
