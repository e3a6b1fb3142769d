"""How far enrolments get, and how long people stay: the funnel, and retention by week of enrolment."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.definitions import people
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.remembered import remembered, version_of
from server.analytics.rules import Range, later, mondays, week
from storage.database.tables import ActivityDay, LearningEvent
from storage.states import FactKind

STEPS = (FactKind.COURSE_STARTED, FactKind.COURSE_HALFWAY, FactKind.COURSE_COMPLETED)


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """Pairs of a person and a course that were enrolled in a range, and how far they have got by now."""

    enrolled: int
    started: int
    halfway: int
    completed: int


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """People whose first enrolment was in one week."""

    week: str  # as in 2026-W53
    first_day: str  # its Monday
    people: int
    active: list[int]  # distinct people who learned in that week, the next one, …, up to the current one


async def funnel(session: AsyncSession, scope: Scope, days: Range) -> Funnel:
    """Step. Each step is counted among those enrolled in the range, whenever they took it."""
    fact = LearningEvent
    enrolled = (
        select(fact.user_id, fact.course_id)
        .where(
            fact.kind == FactKind.ENROLLED,
            fact.local_day.between(days.first, days.last),
            *scope.courses(fact.course_id),
            *scope.people(fact.user_id),
        )
        .distinct()
        .subquery()
    )
    query = select(func.count()).select_from(enrolled)
    counts = [func.count()]
    for kind in STEPS:
        step = aliased(fact)
        same = and_(
            step.kind == kind, step.user_id == enrolled.c.user_id, step.subject == enrolled.c.course_id
        )
        query = query.outerjoin(step, same)
        counts.append(func.count(step.user_id))  # in the index, as the id is not
    found = (await session.execute(query.with_only_columns(*counts, maintain_column_froms=True))).one()
    return Funnel(enrolled=found[0], started=found[1], halfway=found[2], completed=found[3])


async def retention(session: AsyncSession, scope: Scope, days: Range) -> list[Cohort]:
    """Step: cohorts of the weeks of a range, the earliest first. The current week is not over."""
    weeks = list(mondays(days))
    found = await _remembered(session, weeks, days.last) if scope.is_everything else None
    if found is None:
        found = await _stayed(session, scope, weeks, _whole(weeks))
    return [
        Cohort(
            week=week(monday),
            first_day=monday,
            people=found.people[number],
            active=[found.active[number, later_one] for later_one in range(number, len(weeks))],
        )
        for number, monday in enumerate(weeks)
    ]


class Stayed(msgspec.Struct, frozen=True):
    """People whose first enrolment was in a week, by its number, and how many of them learned in which."""

    people: Counter[int]
    active: Counter[tuple[int, int]]


def _whole(weeks: Sequence[str]) -> Range:
    return Range(weeks[0], later(weeks[-1], 6))


async def _remembered(session: AsyncSession, weeks: Sequence[str], last: str) -> Stayed | None:
    """Without a filter: of weeks that are computed, or of the days before the latest one, which is added.
    None while a day before it is not computed."""

    def counted(span: Range) -> Callable[[], Awaitable[Stayed]]:
        return lambda: _stayed(session, EVERYTHING, weeks, span)

    span = _whole(weeks)
    if version := await version_of(session, span):
        return await remembered(session, ("retention", span), version, counted(span))
    past = Range(span.first, later(last, -1))
    version = await version_of(session, past)
    if version is None or not await _is_latest(session, last):
        return None
    before = await remembered(session, ("retention", past), version, counted(past))
    added = await remembered(
        session,
        ("retained", last),
        (version, await _so_far(session, last)),
        lambda: _stayed_on(session, weeks, last),
    )
    return Stayed(before.people + added.people, before.active + added.active)


async def _so_far(session: AsyncSession, day: str) -> tuple[int, int]:
    """People who learned on a day, and enrolments on it: there are only more of them while it lasts."""
    fact, activity = LearningEvent, ActivityDay
    counts = (
        select(func.count()).where(activity.day == day),
        select(func.count()).where(fact.kind == FactKind.ENROLLED, fact.local_day == day),
    )
    learned, enrolled = [int(await session.scalar(query) or 0) for query in counts]
    return learned, enrolled


async def _is_latest(session: AsyncSession, day: str) -> bool:
    """Whether nobody has learned or enrolled on a later one."""
    fact, activity = LearningEvent, ActivityDay
    later_ones = (
        select(activity.day).where(activity.day > day),
        select(fact.local_day).where(fact.kind == FactKind.ENROLLED, fact.local_day > day),
    )
    return not any([await session.scalar(query.limit(1)) for query in later_ones])


async def _stayed(session: AsyncSession, scope: Scope, weeks: Sequence[str], span: Range) -> Stayed:
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


async def _stayed_on(session: AsyncSession, weeks: Sequence[str], day: str) -> Stayed:
    """What a day adds to the days before it: its first enrolments, and those of its people who had not
    learned earlier in its week."""
    fact, activity, current = LearningEvent, ActivityDay, len(weeks) - 1
    earlier = Range(weeks[-1], later(day, -1))
    active: Counter[tuple[int, int]] = Counter()
    new = select(_first_of(activity.user_id)).where(
        activity.day == day, ~people.was_active(activity.user_id, earlier)
    )
    for began in await session.scalars(new):
        if began and began >= weeks[0]:
            active[bisect_right(weeks, began) - 1, current] += 1
    enrolled = select(fact.user_id, _first_of(fact.user_id), people.was_active(fact.user_id, earlier)).where(
        fact.kind == FactKind.ENROLLED, fact.local_day == day
    )
    begun = {user_id: was for user_id, first, was in await session.execute(enrolled) if first == day}
    active[current, current] += sum(map(bool, begun.values()))
    return Stayed(Counter({current: len(begun)}), active)


def _first_of(user_id: Any) -> ScalarSelect[str]:
    """Local day of somebody's first enrolment."""
    fact = aliased(LearningEvent)
    # Not the plain column: its first value would be looked for through the facts of all people.
    first = select(func.min(fact.local_day.concat("")))
    return first.where(fact.user_id == user_id, fact.kind == FactKind.ENROLLED).scalar_subquery()


def _first_enrolments(scope: Scope) -> Select[str, str]:
    fact = LearningEvent
    return (
        select(fact.user_id, func.min(fact.local_day).label("day"))
        .where(fact.kind == FactKind.ENROLLED, *scope.courses(fact.course_id), *scope.people(fact.user_id))
        .group_by(fact.user_id)
    )


def _number(day: ColumnElement[str], weeks: Sequence[str]) -> ColumnElement[int]:
    """Number of the week of a local day: labels are compared as text."""
    return case(*((day <= later(monday, 6), number) for number, monday in enumerate(weeks)))
