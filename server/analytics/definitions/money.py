"""Definitions of revenue and MRR, a list of amounts by currency: currencies are never added up.

Payments are facts of `server.analytics.payments`.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.definitions.settled import of_scope
from server.analytics.payments import queries
from server.analytics.payments.mrr import Curve
from server.analytics.remembered import remembered
from server.analytics.rules import Range
from storage.database.tables import Payment

Value = TypeVar("Value")


class Money(msgspec.Struct, frozen=True):
    currency: str  # ISO 4217
    amount: int  # minor units, as cents


async def revenue(session: AsyncSession, scope: Scope, days: Range) -> list[Money]:
    """What was paid on the days less what was given back on them, by currency in alphabetical order."""
    found = await revenue_days(session, scope, days)
    return _in_order({currency: sum(by_day.values()) for currency, by_day in found.items()})


async def revenue_days(session: AsyncSession, scope: Scope, days: Range) -> Mapping[str, Mapping[str, int]]:
    """Revenue by currency, of each day. Days without any are left out."""

    async def read() -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for one in await queries.revenue(session, days.first, days.last, _among(scope)):
            found[one.currency][one.local_day] = one.amount
        return found

    return await _remembered(
        session, ("revenue", scope, days), scope, read, lambda _paid: 1 + days.count // 50
    )


async def revenue_of_courses(
    session: AsyncSession, days: Range, scope: Scope = EVERYTHING
) -> Mapping[str, list[Money]]:
    """Revenue of each course that has any, by currency."""
    query = select(Payment.course_id, Payment.currency, func.sum(Payment.revenue)).where(
        Payment.local_day.between(days.first, days.last),
        Payment.revenue != 0,
        Payment.course_id.is_not(None),
        *_among(scope),
    )

    async def read() -> Mapping[str, list[Money]]:
        sums: dict[str, dict[str, int]] = defaultdict(dict)
        rows = await session.execute(query.group_by(Payment.course_id, Payment.currency))
        for course_id, currency, amount in rows:
            sums[str(course_id)][currency] = int(amount)
        return {course_id: _in_order(amounts) for course_id, amounts in sums.items()}

    what = ("revenue of courses", scope, days)
    return await _remembered(session, what, scope, read, lambda paid: 1 + len(paid) // 10)


async def mrr(session: AsyncSession, scope: Scope, at: datetime) -> list[Money]:
    """Active recurring payments scaled to a month, by currency in alphabetical order."""
    found = {currency: curve.at(at) for currency, curve in (await curves(session, scope)).items()}
    return _in_order({currency: one.minor for currency, one in found.items() if one.active})


async def curves(session: AsyncSession, scope: Scope) -> Mapping[str, Curve]:
    """MRR over time by currency."""

    async def count() -> Mapping[str, Curve]:
        return await queries.curves(session, _among(scope))

    return await _remembered(session, ("mrr", scope), scope, count, _weight_of_curves)


def _weight_of_curves(curves: Mapping[str, Curve]) -> int:
    return 1 + sum(len(curve.moments) for curve in curves.values()) // 100


async def _remembered(
    session: AsyncSession,
    what: Hashable,
    scope: Scope,
    count: Callable[[], Awaitable[Value]],
    weight: Callable[[Value], int],
) -> Value:
    """What was counted from payments, until there is another one."""
    version = (await queries.version(session), await of_scope(session, scope))
    return await remembered(session, what, version, count, weight)


def _among(scope: Scope) -> list[ColumnElement[bool]]:
    return [*scope.courses(Payment.course_id), *scope.people(Payment.user_id)]


def _in_order(amounts: Mapping[str, int]) -> list[Money]:
    return [Money(currency, amount) for currency, amount in sorted(amounts.items())]
