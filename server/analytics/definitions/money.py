"""Definitions of revenue and MRR, a list of amounts by currency: currencies are never added up.

Payments are facts of `server.analytics.payments`.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.payments import queries
from server.analytics.rules import Range
from storage.database.tables import Payment


class Money(msgspec.Struct, frozen=True):
    currency: str  # ISO 4217
    amount: int  # minor units, as cents


async def revenue(session: AsyncSession, scope: Scope, days: Range) -> list[Money]:
    """What was paid on the days less what was given back on them, by currency in alphabetical order."""
    sums: dict[str, int] = defaultdict(int)
    for one in await queries.revenue(session, days.first, days.last, _among(scope)):
        sums[one.currency] += one.amount
    return _in_order(sums)


async def revenue_days(session: AsyncSession, scope: Scope, days: Range) -> Mapping[str, Mapping[str, int]]:
    """Revenue by currency, of each day. Days without any are left out."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for one in await queries.revenue(session, days.first, days.last, _among(scope)):
        found[one.currency][one.local_day] = one.amount
    return found


async def revenue_of_courses(
    session: AsyncSession, days: Range, scope: Scope = EVERYTHING
) -> Mapping[str, list[Money]]:
    """Revenue of each course that has any, by currency."""
    rows = await session.execute(
        select(Payment.course_id, Payment.currency, func.sum(Payment.revenue))
        .where(
            Payment.local_day.between(days.first, days.last),
            Payment.revenue != 0,
            Payment.course_id.is_not(None),
            *_among(scope),
        )
        .group_by(Payment.course_id, Payment.currency)
    )
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for course_id, currency, amount in rows:
        sums[str(course_id)][currency] = int(amount)
    return {course_id: _in_order(amounts) for course_id, amounts in sums.items()}


async def mrr(session: AsyncSession, scope: Scope, at: datetime) -> list[Money]:
    """Active recurring payments scaled to a month, by currency in alphabetical order."""
    curves = await queries.curves(session, _among(scope))
    found = {currency: curve.at(at) for currency, curve in curves.items()}
    return _in_order({currency: one.minor for currency, one in found.items() if one.active})


def _among(scope: Scope) -> list[ColumnElement[bool]]:
    return [*scope.courses(Payment.course_id), *scope.people(Payment.user_id)]


def _in_order(amounts: Mapping[str, int]) -> list[Money]:
    return [Money(currency, amount) for currency, amount in sorted(amounts.items())]
