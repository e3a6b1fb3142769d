"""Funnel: how far the enrolments of a range have got by now.

Those of past days, and the steps that were taken on them, are remembered; what the days since add is counted
again when there is more of it.
"""

from collections.abc import Hashable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import known_days, version_of
from server.analytics.remembered import remembered
from server.analytics.rules import Range, later
from storage.database.tables import LearningEvent
from storage.states import FactKind

STEPS = (FactKind.COURSE_STARTED, FactKind.COURSE_HALFWAY, FactKind.COURSE_COMPLETED)
Counts = list[int]  # enrolled, started, halfway, completed; not changed


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """Pairs of a person and a course that were enrolled in a range, and how far they have got by now."""

    enrolled: int
    started: int
    halfway: int
    completed: int


async def funnel(session: AsyncSession, scope: Scope, days: Range) -> Funnel:
    """Step. Each step is counted among those enrolled in the range, whenever they took it."""
    days_known = (await known_days(session)).computed
    edge = days_known[-1] if days_known else ""
    version = await version_of(session, scope, Range(days.first, edge)) if edge >= days.first else None
    if version is None:
        counts = await _counted(session, scope, days)
    else:
        counts = await _remembered(session, scope, days, edge, version)
    return Funnel(enrolled=counts[0], started=counts[1], halfway=counts[2], completed=counts[3])


async def _remembered(
    session: AsyncSession, scope: Scope, days: Range, edge: str, version: Hashable
) -> Counts:
    """`edge`: the last day that is computed."""
    past = Range(days.first, min(days.last, edge))

    async def before() -> Counts:
        return await _counted(session, scope, past, until=edge)

    async def since() -> Counts:
        taken = await _taken_since(session, scope, past, edge)
        if days.last == past.last:
            return taken
        return _plus(taken, await _counted(session, scope, Range(later(edge, 1), days.last), besides=past))

    counted = (version, await _more_since(session, scope, edge))
    return _plus(
        await remembered(session, ("funnel", scope, past, edge), version, before),
        await remembered(session, ("funnel since", scope, days, edge), counted, since),
    )


def _plus(one: Counts, other: Counts) -> Counts:
    return [a + b for a, b in zip(one, other, strict=True)]


async def _more_since(session: AsyncSession, scope: Scope, edge: str) -> Hashable:
    """Enrolments and steps after a day: there are only more of them until it is computed."""
    fact = LearningEvent
    query = select(fact.kind, func.count()).where(
        fact.kind.in_((FactKind.ENROLLED, *STEPS)),
        fact.local_day > edge,
        *scope.courses(fact.course_id),
        *scope.people(fact.user_id),
    )
    return tuple(sorted((kind, count) for kind, count in await session.execute(query.group_by(fact.kind))))


async def _taken_since(session: AsyncSession, scope: Scope, enrolled: Range, edge: str) -> Counts:
    """Steps after a day, of those enrolled in a range up to it."""
    fact = LearningEvent
    query = select(fact.kind, func.count()).where(
        fact.kind.in_(STEPS),
        fact.local_day > edge,
        *scope.courses(fact.subject),
        _was_enrolled(fact.user_id, fact.subject, scope, enrolled),
    )
    counts = {kind: int(count) for kind, count in await session.execute(query.group_by(fact.kind))}
    return [0, *(counts.get(kind, 0) for kind in STEPS)]


def _was_enrolled(user_id: Any, course_id: Any, scope: Scope, days: Range) -> ColumnElement[bool]:
    other = aliased(LearningEvent)
    return exists().where(
        other.user_id == user_id,
        other.course_id == course_id,
        other.kind == FactKind.ENROLLED,
        other.local_day.between(days.first, days.last),
        *scope.people(other.user_id),
    )


async def _counted(
    session: AsyncSession, scope: Scope, days: Range, *, until: str = "", besides: Range | None = None
) -> Counts:
    """Distinct pairs of the enrolments of a range, and how many took each step, up to the day `until`.
    Without the pairs that were enrolled in the range `besides`, too."""
    enrolled = _pairs(scope, days, besides).subquery()
    query = select(func.count()).select_from(enrolled)
    counts = [func.count()]
    for kind in STEPS:
        step = aliased(LearningEvent)
        same = (step.kind == kind, step.user_id == enrolled.c.user_id, step.subject == enrolled.c.course_id)
        query = query.outerjoin(step, and_(*same, *((step.local_day <= until,) if until else ())))
        counts.append(func.count(step.user_id))  # in the index, as the id is not
    found = (await session.execute(query.with_only_columns(*counts, maintain_column_froms=True))).one()
    return list(found)


def _pairs(scope: Scope, days: Range, besides: Range | None) -> Select[str, str | None]:
    fact = LearningEvent
    query = select(fact.user_id, fact.course_id).where(
        fact.kind == FactKind.ENROLLED,
        fact.local_day.between(days.first, days.last),
        *scope.courses(fact.course_id),
        *scope.people(fact.user_id),
    )
    if besides is not None:
        query = query.where(~_was_enrolled(fact.user_id, fact.course_id, scope, besides))
    return query.distinct()
