"""Figures with the current day in them: counted at most every ten seconds, for all who ask together.

What is kept says itself when it was counted, by the `now` that it was counted with: it is shown as of then.
It is counted anew at once after a day was computed or facts were deleted, after a payment, after whatever the
audit log notes of administrators, and after staff have enrolled somebody or ended an enrolment.
"""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar, cast

from sqlalchemy import String, func, select
from sqlalchemy import cast as cast_to
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import known_days, of_scope
from server.analytics.payments import queries as payments
from server.analytics.remembered import kept_of, once
from storage.database.engine import READING
from storage.database.tables import AuditEntry, LearningEvent
from storage.states import FactKind

KEPT = timedelta(seconds=10)
COMMITTING = timedelta(seconds=5)  # at most, between the time of a fact and its commit
Value = TypeVar("Value")


async def lately(
    session: AsyncSession,
    what: Hashable,
    scope: Scope,
    now: datetime,
    count: Callable[[], Awaitable[Value]],
    weight: Callable[[Value], int] = lambda _value: 1,
) -> Value:
    """Step: the figure named `what` of a scope as it was counted within KEPT before `now`, else counted now.
    `now` is taken before the reading begins, so that no figure is older than it says. It is not to be
    changed. In a transaction that writes it is always counted."""
    if not session.info.get(READING):
        return await count()
    known, name = kept_of(session), ("lately", what, scope)
    version = await _version(session, scope)
    async with known.counting(name):
        if found := known.find(name, version):
            at, value = found[0]
            if abs(now - at) < KEPT and not await _entered_since(session, at - COMMITTING):
                return cast("Value", value)
        counted = await count()
        known.add(name, version, (now, counted), weight(counted))
        return counted


async def _version(session: AsyncSession, scope: Scope) -> Hashable:
    return (
        (await known_days(session)).version,
        await payments.version(session),
        await once(session, "audit", lambda: session.scalar(select(func.max(AuditEntry.id)))),
        await of_scope(session, scope),
    )


async def _entered_since(session: AsyncSession, moment: datetime) -> bool:
    """Whether staff have entered or ended an enrolment of somebody."""
    fact = LearningEvent
    # Not the plain column: all enrolments there are would be looked through.
    kind = cast_to(fact.kind, String)
    query = select(fact.id).where(
        fact.at > moment,
        kind.in_((FactKind.ENROLLED.value, FactKind.LEFT.value)),
        fact.actor_id != fact.user_id,
    )

    async def read() -> bool:
        return await session.scalar(query.limit(1)) is not None

    return await once(session, ("entered", moment), read)
