"""What is added up: stored rows of days that are computed, the facts of all others, by day and by course.

Facts are counted by all definitions in one statement. Those of a team's people are not in the rows: what they
were on past days is remembered.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import CompoundSelect, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import SUMS
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.definitions.settled import known_days, of_stored, past_of
from server.analytics.queries import gone
from server.analytics.remembered import once, remembered
from server.analytics.rules import EVER, Range, later
from storage.database.tables import (
    CourseAnalytics,
    CourseInstructor,
    InstructorAnalytics,
    PlatformAnalytics,
)

# By metric and day, every day of the range; None: not known any more (server/analytics/queries/gone.py).
Series = Mapping[str, Mapping[str, int | None]]
Sums = Mapping[str, Mapping[str, int]]  # by course or instructor, and metric
Counts = dict[str | None, Counter[str]]  # by day or course, and metric
WITHOUT_COURSE = "people_new"  # the metric that stored rows of courses do not have
STATEMENTS_KEPT = 64  # to build one takes longer than to count a day of some hundred facts
NEVER = "9999-12-31"  # after every day


async def daily(session: AsyncSession, scope: Scope, days: Range, metrics: Collection[str] = SUMS) -> Series:
    """Step: what is added up, on each day of the range."""
    every_day = dict.fromkeys(days.days, 0)
    found = {metric: dict(every_day) for metric in metrics}
    names = [metric for metric in metrics if metric in _of(scope)]
    spans = [days]
    if not scope.team_id:
        computed = (await known_days(session)).among(days)
        spans = gaps(days, computed)
        stored = await _stored_days(session, scope, days)
        # A course has no row of a day on which nothing happened.
        known = [(day, stored[day]) for day in computed if day in stored]
        for name in names:
            found[name] |= {day: own[name] for day, own in known}
    for gap in spans if names else ():
        for key, counts in (await _counted(session, scope, gap, "day")).items():
            for name in names:
                found[name][str(key)] += counts[name]
    if WITHOUT_COURSE in set(metrics) - set(names):
        found[WITHOUT_COURSE] |= await _new_people(session, scope, days)
    return {**found, **await _gone(session, scope, days, found)} if scope.team_id else found


async def _gone(
    session: AsyncSession, scope: Scope, days: Range, found: Mapping[str, Mapping[str, int]]
) -> Series:
    """Sums of a team that are no longer known on days when there was any for everybody."""
    every = msgspec.structs.replace(scope, team_id=None)
    series = {}
    for metric in gone.OF_TEAMS.keys() & found.keys():
        lost = (await known_days(session)).without(gone.OF_TEAMS[metric], days)
        if lost:
            stored = (await daily(session, every, Range(lost[0], lost[-1]), [metric]))[metric]
            series[metric] = {**found[metric], **{day: None for day in lost if stored[day] != 0}}
    return series


def _of(scope: Scope) -> tuple[str, ...]:
    """Metrics that are in the stored rows of a scope."""
    return tuple(metric for metric in SUMS if scope.is_everything or metric != WITHOUT_COURSE)


async def _stored_days(session: AsyncSession, scope: Scope, days: Range) -> dict[str, dict[str, int]]:
    table: Any = PlatformAnalytics if scope.is_everything else CourseAnalytics
    names = _of(scope)
    query = select(table.day, *(func.sum(getattr(table, name)) for name in names)).where(
        table.day.between(days.first, days.last)
    )
    if not scope.is_everything:
        query = query.where(*scope.courses(table.course_id))

    async def read() -> dict[str, dict[str, int]]:
        rows = (await session.execute(query.group_by(table.day))).all()
        return {day: dict(zip(names, map(int, values), strict=True)) for day, *values in rows}

    return await of_stored(session, "days", scope, days, read, _weight)


def _weight(rows: Mapping[Any, Any]) -> int:
    return 1 + len(rows) // 20


def gaps(days: Range, stored: Collection[str]) -> list[Range]:
    """Runs of days that are not stored."""
    known = set(stored)
    found: list[Range] = []
    for day in days.days:
        if day in known:
            continue
        if found and later(found[-1].last, 1) == day:
            found[-1] = Range(found[-1].first, day)
        else:
            found.append(Range(day, day))
    return found


async def _counted(session: AsyncSession, scope: Scope, span: Range, key: str) -> Counts:
    """Facts by day or course. Of a team, those of past days are remembered: no rows are stored of it."""
    if not scope.team_id or not (found := await past_of(session, scope, span, alone=True)):
        return await _facts(session, scope, span, key)
    past, version = found

    async def count() -> Counts:
        return await _facts(session, scope, past, key)

    known = await remembered(session, ("facts", scope, past, key), version, count, _weight)
    if past == span:
        return known
    together: Counts = defaultdict(Counter)
    for part in (known, await _facts(session, scope, Range(span.last, span.last), key)):
        for own, counts in part.items():
            together[own].update(counts)
    return together


async def _facts(session: AsyncSession, scope: Scope, span: Range, key: str) -> Counts:
    if span.count > 1:
        return await once(session, ("facts", scope, span, key), lambda: _read(session, scope, span, key))
    by_course = await once(session, ("facts", scope, span), lambda: _read(session, scope, span, "course_id"))
    if key == "course_id":
        return by_course

    async def of_day() -> Counts:
        return {span.last: _together(by_course.values())}

    return await once(session, ("facts", scope, span, key), of_day)


def _together(parts: Iterable[Mapping[str, int]]) -> Counter[str]:
    found: dict[str, int] = {}
    for part in parts:
        for name, value in part.items():
            found[name] = found.get(name, 0) + value
    return Counter(found)


async def _read(session: AsyncSession, scope: Scope, span: Range, key: str) -> Counts:
    found: dict[str | None, dict[str, int]] = defaultdict(dict)
    for metric, own, value in (await session.execute(_statement(scope, span, key))).all():
        found[own][metric] = int(value)
    return {own: Counter(counts) for own, counts in found.items()}


@lru_cache(STATEMENTS_KEPT)
def _statement(scope: Scope, span: Range, key: str) -> CompoundSelect[*tuple[Any, ...]]:
    parts = []
    for metric in _of(scope):
        rows = SUMS[metric](scope, span).subquery()
        own = rows.c[key]
        parts.append(select(literal(metric), own, func.sum(rows.c.value)).group_by(own))
    return union_all(*parts)


async def _new_people(session: AsyncSession, scope: Scope, days: Range) -> dict[str, int]:
    """New people of courses or a team: those who are in them now, looked up once for all ranges."""
    found = await once(session, ("new", scope), lambda: _joined(session, scope))
    return {day: found[day] for day in days.days if day in found}


async def _joined(session: AsyncSession, scope: Scope) -> dict[str, int]:
    rows = SUMS[WITHOUT_COURSE](scope, Range(EVER, NEVER)).subquery()
    query = select(rows.c.day, func.sum(rows.c.value)).group_by(rows.c.day)
    return {day: int(value) for day, value in (await session.execute(query)).all()}


async def by_course(
    session: AsyncSession, days: Range, metrics: Sequence[str], scope: Scope = EVERYTHING
) -> Sums:
    """Step: sums of the range by course and metric."""
    table = CourseAnalytics
    parts, spans = [], [days]
    if not scope.team_id:
        parts.append(await _stored_sums(session, table, table.course_id, days, metrics, scope))
        spans = gaps(days, (await known_days(session)).among(days))
    parts += [await _by_course(session, span, metrics, scope) for span in spans]
    return _added(parts)


async def by_instructor(
    session: AsyncSession, days: Range, metrics: Sequence[str], scope: Scope = EVERYTHING
) -> Sums:
    """Step: sums of the range by instructor and metric. Of days that are not stored, and with a filter, those
    who teach now."""
    teachers: defaultdict[str, list[str]] = defaultdict(list)
    pairs = select(CourseInstructor.course_id, CourseInstructor.user_id)
    for course_id, user_id in await session.execute(pairs):
        teachers[course_id].append(user_id)
    parts: list[Sums] = []
    if not scope.is_everything:
        counted = [await by_course(session, days, metrics, scope)]
    else:
        table = InstructorAnalytics
        parts.append(await _stored_sums(session, table, table.user_id, days, metrics, scope))
        spans = gaps(days, (await known_days(session)).among(days))
        counted = [await _by_course(session, span, metrics, scope) for span in spans]
    for sums in counted:
        parts += [{user_id: own} for course_id, own in sums.items() for user_id in teachers[course_id]]
    return _added(parts)


def _added(parts: Sequence[Sums]) -> Sums:
    found: dict[str, dict[str, int]] = {}
    for part in parts:
        for key, own in part.items():
            if key not in found:
                found[key] = dict(own)
                continue
            sums = found[key]
            for name, value in own.items():
                sums[name] = sums.get(name, 0) + value
    return found


async def _stored_sums(
    session: AsyncSession, table: Any, key: Any, days: Range, metrics: Sequence[str], scope: Scope
) -> Sums:
    query = select(key, *(func.sum(getattr(table, name)) for name in metrics)).group_by(key)
    inside = (table.day.between(days.first, days.last), *(scope.courses(key) if scope.has_courses else ()))

    async def read() -> Sums:
        rows = (await session.execute(query.where(*inside))).all()
        return {own: dict(zip(metrics, map(int, values), strict=True)) for own, *values in rows}

    what = ("sums", table.__tablename__, tuple(metrics))
    return await of_stored(session, what, scope, days, read, _weight)


async def _by_course(session: AsyncSession, span: Range, metrics: Sequence[str], scope: Scope) -> Sums:
    counts = await _counted(session, scope, span, "course_id")
    return {key: {name: own[name] for name in metrics} for key, own in counts.items() if key is not None}
