"""Retention: how many people of each week of enrolment learned in the weeks after it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, String, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import people
from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import version_of
from server.analytics.queries import current, gone
from server.analytics.remembered import once, remembered
from server.analytics.rules import Range, later, mondays, week
from storage.database.tables import ActivityDay, LearningEvent
from storage.states import FactKind


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """People whose first enrolment was in one week."""

    week: str  # as in 2026-W53
    first_day: str  # its Monday
    people: int
    # Distinct people who learned in that week, the next one, …, up to the current one; null: not known.
    active: list[int | None]


async def retention(session: AsyncSession, scope: Scope, days: Range) -> list[Cohort]:
    """Step: cohorts of the weeks of a range, the earliest first. The current week is not over."""
    weeks = list(mondays(days))
    found = await _remembered(session, scope, weeks, days.last)
    if found is None:
        found = await _stayed(session, scope, weeks, _whole(weeks))
    lost = await gone.people(session, scope, _whole(weeks))
    unknown = {place for place, monday in enumerate(weeks) if lost.among(Range(monday, later(monday, 6)))}
    return [
        Cohort(
            week=week(monday),
            first_day=monday,
            people=found.people[number],
            active=[
                None if place in unknown else found.active[number, place]
                for place in range(number, len(weeks))
            ],
        )
        for number, monday in enumerate(weeks)
    ]


class Stayed(msgspec.Struct, frozen=True):
    """People whose first enrolment was in a week, by its number, and how many of them learned in which."""

    people: Counter[int]
    active: Counter[tuple[int, int]]


def _whole(weeks: Sequence[str]) -> Range:
    return Range(weeks[0], later(weeks[-1], 6))


async def _remembered(session: AsyncSession, scope: Scope, weeks: Sequence[str], last: str) -> Stayed | None:
    """Of weeks that are computed, or of the days before the latest one, which is added. None while a day
    before it is not computed."""

    def counted(span: Range) -> Callable[[], Awaitable[Stayed]]:
        return lambda: _stayed(session, scope, weeks, span)

    span = _whole(weeks)
    if version := await version_of(session, scope, span):
        return await remembered(session, ("retention", scope, span), version, counted(span))
    past = Range(span.first, later(last, -1))
    version = await version_of(session, scope, past)
    if version is None or not await once(session, ("latest", last), lambda: _is_latest(session, last)):
        return None
    before = await remembered(session, ("retention", scope, past), version, counted(past))
    enrolled = await _enrolled_on(session, scope, last)
    so_far = (version, await current.count(session, scope, last), len(enrolled))

    async def add() -> Stayed:
        return await _stayed_on(session, scope, weeks, last, version)

    added = await remembered(session, ("retained", scope, weeks[0], last), so_far, add)
    return Stayed(before.people + added.people, before.active + added.active)


async def _enrolled_on(session: AsyncSession, scope: Scope, day: str) -> set[str]:
    """People who were enrolled on a day."""
    fact = LearningEvent
    query = select(fact.user_id).where(
        fact.kind == FactKind.ENROLLED,
        fact.local_day == day,
        *scope.courses(fact.course_id),
        *scope.people(fact.user_id),
    )

    async def read() -> set[str]:
        return set(await session.scalars(query))

    return await once(session, ("enrolled", scope, day), read)


async def _is_latest(session: AsyncSession, day: str) -> bool:
    """Whether nobody has learned or enrolled on a later one."""
    fact, activity = LearningEvent, ActivityDay
    later_ones = (
        select(activity.day).where(activity.day > day),
        select(fact.local_day).where(fact.kind == FactKind.ENROLLED, fact.local_day > day),
    )
    return not any([await session.scalar(query.limit(1)) for query in later_ones])


async def _stayed(session: AsyncSession, scope: Scope, weeks: Sequence[str], span: Range) -> Stayed:
    if not scope.is_everything:
        return await _stayed_in(session, scope, weeks, span)
    first = _first_enrolments(scope).subquery()
    cohort = _number(first.c.day, weeks)
    inside = first.c.day.between(span.first, span.last)
    sizes = select(cohort, func.count()).where(inside).group_by(cohort)
    people_of = {int(number): int(count) for number, count in await session.execute(sizes)}
    active = people.active_rows(scope, span).subquery()
    then = _number(active.c.day, weeks)
    stayed = (
        select(cohort, then, func.count(active.c.user_id.distinct()))
        .select_from(first)
        .join(active, active.c.user_id == first.c.user_id)
        .where(inside)
        .group_by(cohort, then)
    )
    counts = {(int(a), int(b)): int(count) for a, b, count in await session.execute(stayed)}
    return Stayed(Counter(people_of), Counter(counts))


async def _stayed_in(session: AsyncSession, scope: Scope, weeks: Sequence[str], span: Range) -> Stayed:
    """The same of a filter, joined here: SQLite would look for the days of each person by themselves."""
    first, active = _first_enrolments(scope).subquery(), people.active_rows(scope, span).subquery()
    begun = select(first.c.user_id, first.c.day).where(first.c.day.between(span.first, span.last))
    cohort = {user_id: bisect_right(weeks, day) - 1 for user_id, day in await session.execute(begun)}
    learned = {
        (user_id, bisect_right(weeks, day) - 1)
        for day, user_id in await session.execute(select(active.c.day, active.c.user_id))
        if user_id in cohort
    }
    return Stayed(Counter(cohort.values()), Counter((cohort[user_id], number) for user_id, number in learned))


async def _stayed_on(
    session: AsyncSession, scope: Scope, weeks: Sequence[str], day: str, version: Hashable
) -> Stayed:
    """What a day adds to the days before it: its first enrolments, and those of its people who had not
    learned earlier in its week."""
    latest = len(weeks) - 1
    learned = await current.before(session, scope, day, version)
    enrolled = await _enrolled_on(session, scope, day)
    back = {user_id for user_id, last in learned.items() if last < weeks[-1]}
    firsts = await _firsts(session, scope, day, version, back | enrolled)
    active: Counter[tuple[int, int]] = Counter()
    for user_id in back:
        began = firsts[user_id] or (day if user_id in enrolled else "")
        if began >= weeks[0]:
            active[bisect_right(weeks, began) - 1, latest] += 1
    begun = {user_id for user_id in enrolled if not firsts[user_id]}
    # Those who had learned in this week before they were enrolled.
    earlier = await _active_in(session, scope, begun - back, Range(weeks[-1], later(day, -1)))
    active[latest, latest] += len(earlier)
    return Stayed(Counter({latest: len(begun)}), active)


async def _active_in(session: AsyncSession, scope: Scope, ids: Collection[str], days: Range) -> set[str]:
    found: set[str] = set()
    for lot in current.lots(ids) if days.first <= days.last else ():
        rows = people.active_rows(scope, days, lot).subquery()
        found |= set(await session.scalars(select(rows.c.user_id)))
    return found


async def _firsts(
    session: AsyncSession, scope: Scope, day: str, version: Hashable, ids: Collection[str]
) -> current.LookedUp:
    """Local day of each one's first enrolment before a day."""

    async def nobody() -> current.LookedUp:
        return {}

    known = await remembered(session, ("firsts", scope, day), version, nobody, lambda _known: 20)
    fact = LearningEvent
    for lot in current.lots(set(ids) - known.keys()):
        # Not the plain column: its first value would be looked for through the facts of all people.
        first = select(fact.user_id, func.min(fact.local_day.concat(""))).where(
            fact.user_id.in_(lot),
            fact.kind == FactKind.ENROLLED,
            fact.local_day < day,
            *scope.courses(fact.course_id),
        )
        rows = await session.execute(first.group_by(fact.user_id))
        found = {user_id: began for user_id, began in rows}  # noqa: C416 - typed
        known |= {user_id: found.get(user_id, "") for user_id in lot}
    return known


def _first_enrolments(scope: Scope) -> Select[str, str]:
    fact = LearningEvent
    # Not the plain column: all enrolments would be looked through for those in some courses.
    kind: Any = cast(fact.kind, String) if scope.instructor_id else fact.kind
    return (
        select(fact.user_id, func.min(fact.local_day).label("day"))
        .where(kind == FactKind.ENROLLED.value, *scope.courses(fact.course_id), *scope.people(fact.user_id))
        .group_by(fact.user_id)
    )


def _number(day: ColumnElement[str], weeks: Sequence[str]) -> ColumnElement[int]:
    """Number of the week of a local day: labels are compared as text."""
    return case(*((day <= later(monday, 6), number) for number, monday in enumerate(weeks)))
