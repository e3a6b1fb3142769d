"""Series of days: stored rows of days that are computed, the facts of all others, as of the current one."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import SUMS, people
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.remembered import remembered, version_of
from server.analytics.rules import MONTH_DAYS, WEEK_DAYS, Range, later, trailing
from storage.database.tables import (
    ActivityDay,
    AnalyticsDay,
    CourseAnalytics,
    CourseInstructor,
    InstructorAnalytics,
    PlatformAnalytics,
)

Series = dict[str, dict[str, int]]  # by metric and day, every day of the range


async def daily(session: AsyncSession, scope: Scope, days: Range, metrics: Collection[str] = SUMS) -> Series:
    """Step: what is added up, on each day of the range."""
    found: Series = {metric: dict.fromkeys(days.days, 0) for metric in metrics}
    stored = await _computed(session, days) if not scope.team_id else set()
    names = [metric for metric in metrics if scope.is_everything or metric != "people_new"]
    if stored and names:
        await _add_stored(session, scope, days, names, found)
    for metric in metrics:
        for span in _gaps(days, stored if metric in names else set()):
            await _add_counted(session, scope, span, metric, found[metric])
    return found


async def _computed(session: AsyncSession, days: Range) -> set[str]:
    """Days whose rows are stored: dirty ones, too, which are computed again within minutes."""
    row = AnalyticsDay
    found = select(row.day).where(row.day.between(days.first, days.last), row.computed > 0)
    return set(await session.scalars(found))


async def _add_stored(
    session: AsyncSession, scope: Scope, days: Range, names: Sequence[str], found: Series
) -> None:
    table: Any = PlatformAnalytics if scope.is_everything else CourseAnalytics
    query = select(table.day, *(func.sum(getattr(table, name)) for name in names)).where(
        table.day.between(days.first, days.last)
    )
    if not scope.is_everything:
        query = query.where(*scope.courses(table.course_id))
    for day, *values in await session.execute(query.group_by(table.day)):
        for name, value in zip(names, values, strict=True):
            found[name][day] = int(value)


def _gaps(days: Range, stored: Collection[str]) -> list[Range]:
    """Runs of days that are not stored."""
    gaps: list[Range] = []
    for day in days.days:
        if day in stored:
            continue
        if gaps and later(gaps[-1].last, 1) == day:
            gaps[-1] = Range(gaps[-1].first, day)
        else:
            gaps.append(Range(day, day))
    return gaps


async def _add_counted(
    session: AsyncSession, scope: Scope, days: Range, metric: str, found: dict[str, int]
) -> None:
    rows = SUMS[metric](scope, days).subquery()
    query = select(rows.c.day, func.sum(rows.c.value)).group_by(rows.c.day)
    for day, value in await session.execute(query):
        found[day] = int(value)


async def distinct(session: AsyncSession, scope: Scope, days: Range) -> int:
    """Step: distinct active people of a range. Without a filter only the last day is counted anew, if it is
    not computed yet: those of its people who were not active on an earlier day of the range."""
    past = days
    version = await version_of(session, past) if scope.is_everything else None
    if version is None and scope.is_everything and days.count > 1:
        past = Range(days.first, later(days.last, -1))
        version = await version_of(session, past)
    if version is None:
        return await people.active_people(session, scope, days)

    async def count() -> int:
        return await people.active_people(session, scope, past)

    found = await remembered(session, ("active", past), version, count)
    if past == days:
        return found
    today = int(await session.scalar(select(func.count()).where(ActivityDay.day == days.last)) or 0)

    async def added() -> int:
        return await _newcomers(session, past, days.last)

    return found + await remembered(session, ("newcomers", days), (version, today), added)


async def _newcomers(session: AsyncSession, before: Range, day: str) -> int:
    query = select(func.count()).where(
        ActivityDay.day == day, ~people.was_active(ActivityDay.user_id, before)
    )
    return int(await session.scalar(query) or 0)


async def active_days(session: AsyncSession, scope: Scope, days: Range) -> Series:
    """Step: distinct people of each day, and of the 7 and 30 days up to it."""
    names = ("active_people", "active_week", "active_month")
    if not scope.is_everything:
        return dict(zip(names, await _slid(session, scope, days), strict=True))
    found: Series = {name: dict.fromkeys(days.days, 0) for name in names}
    row = PlatformAnalytics
    columns = select(row.day, row.active_people, row.active_week, row.active_month)
    known = set()
    for day, *values in await session.execute(columns.where(row.day.between(days.first, days.last))):
        known.add(day)
        for name, value in zip(names, values, strict=True):
            found[name][day] = value
    for span in _gaps(days, known):
        if span.count == 1:
            for name, length in zip(names, (1, WEEK_DAYS, MONTH_DAYS), strict=True):
                found[name][span.last] = await distinct(session, scope, trailing(span.last, length))
            continue
        for name, counts in zip(names, await _slid(session, scope, span), strict=True):
            found[name] |= counts
    return found


async def _slid(session: AsyncSession, scope: Scope, days: Range) -> list[dict[str, int]]:
    """Distinct people of each day, of 7 and of 30 days up to it, from one reading of who learned when."""
    wide = Range(later(days.first, 1 - MONTH_DAYS), days.last)
    rows = people.active_rows(scope, wide).subquery()
    learned: dict[str, set[str]] = {day: set() for day in wide.days}
    for day, user_id in await session.execute(select(rows.c.day, rows.c.user_id).distinct()):
        learned[day].add(user_id)
    return [
        {day: len(_within(learned, day, length)) for day in days.days}
        for length in (1, WEEK_DAYS, MONTH_DAYS)
    ]


def _within(learned: dict[str, set[str]], last: str, length: int) -> set[str]:
    return set().union(*(learned[later(last, -number)] for number in range(length)))


def by_week(days: Sequence[str], values: dict[str, int], of: Any) -> dict[str, int]:
    """Sums of weeks or months (`rules.week`, `rules.month`) of what can be added up."""
    sums: dict[str, int] = {}
    for day in days:
        sums[of(day)] = sums.get(of(day), 0) + values[day]
    return sums


async def sums_by_course(
    session: AsyncSession, days: Range, metrics: Sequence[str], scope: Scope = EVERYTHING
) -> defaultdict[str, Counter[str]]:
    """Step: sums of the range by course and metric."""
    table = CourseAnalytics
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spans = [days]
    if not scope.team_id:
        found = await _stored_sums(session, table, table.course_id, days, metrics, scope)
        spans = _gaps(days, await _computed(session, days))
    for span in spans:
        for course_id, sums in (await _counted_by_course(session, span, metrics, scope)).items():
            found[course_id].update(sums)
    return found


async def sums_by_instructor(
    session: AsyncSession, days: Range, metrics: Sequence[str], scope: Scope = EVERYTHING
) -> defaultdict[str, Counter[str]]:
    """Step: sums of the range by instructor and metric. Of days that are not stored, and with a filter, those
    who teach now."""
    teachers: defaultdict[str, list[str]] = defaultdict(list)
    for course_id, user_id in await session.execute(
        select(CourseInstructor.course_id, CourseInstructor.user_id)
    ):
        teachers[course_id].append(user_id)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    if not scope.is_everything:
        counted: list[dict[str, Counter[str]]] = [await sums_by_course(session, days, metrics, scope)]
    else:
        table = InstructorAnalytics
        found = await _stored_sums(session, table, table.user_id, days, metrics)
        spans = _gaps(days, await _computed(session, days))
        counted = [await _counted_by_course(session, span, metrics) for span in spans]
    for by_course in counted:
        for course_id, sums in by_course.items():
            for user_id in teachers[course_id]:
                found[user_id].update(sums)
    return found


async def _stored_sums(
    session: AsyncSession,
    table: Any,
    key: Any,
    days: Range,
    metrics: Sequence[str],
    scope: Scope = EVERYTHING,
) -> defaultdict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    query = select(key, *(func.sum(getattr(table, name)) for name in metrics)).group_by(key)
    inside = (table.day.between(days.first, days.last), *(scope.courses(key) if scope.has_courses else ()))
    for own, *values in await session.execute(query.where(*inside)):
        found[own].update({name: int(value) for name, value in zip(metrics, values, strict=True)})
    return found


async def _counted_by_course(
    session: AsyncSession, days: Range, metrics: Sequence[str], scope: Scope = EVERYTHING
) -> dict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for metric in metrics:
        rows = SUMS[metric](scope, days).subquery()
        query = select(rows.c.course_id, func.sum(rows.c.value)).where(rows.c.course_id.is_not(None))
        for course_id, value in await session.execute(query.group_by(rows.c.course_id)):
            found[course_id][metric] += int(value)
    return found
