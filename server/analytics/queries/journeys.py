"""How far enrolments get, and how long people stay: the funnel, and retention by week of enrolment."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.definitions import people
from server.analytics.definitions.scope import Scope
from server.analytics.rules import Range, later, mondays, week
from storage.database.tables import LearningEvent
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
        counts.append(func.count(step.id))
    found = (await session.execute(query.with_only_columns(*counts, maintain_column_froms=True))).one()
    return Funnel(enrolled=found[0], started=found[1], halfway=found[2], completed=found[3])


async def retention(session: AsyncSession, scope: Scope, days: Range) -> list[Cohort]:
    """Step: cohorts of the weeks of a range, the earliest first. The current week is not over."""
    weeks = list(mondays(days))
    span = Range(weeks[0], later(weeks[-1], 6))
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
    return [
        Cohort(
            week=week(monday),
            first_day=monday,
            people=people_of.get(number, 0),
            active=[counts.get((number, later_one), 0) for later_one in range(number, len(weeks))],
        )
        for number, monday in enumerate(weeks)
    ]


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
