"""Definitions of revenue and MRR, a list of amounts by currency: currencies are never added up.

Payments are facts of `server.analytics.payments`. Until it keeps some there is no money: the lists are empty.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import Scope
from server.analytics.rules import Range


class Money(msgspec.Struct, frozen=True):
    currency: str  # ISO 4217
    amount: int  # minor units, as cents


async def revenue(session: AsyncSession, scope: Scope, days: Range) -> list[Money]:  # noqa: ARG001
    """What was paid on the days less what was given back on them, by currency in alphabetical order."""
    return []


async def revenue_days(
    session: AsyncSession,  # noqa: ARG001
    scope: Scope,  # noqa: ARG001
    days: Range,  # noqa: ARG001
) -> Mapping[str, Mapping[str, int]]:
    """Revenue of each day, by currency. Days without any are left out."""
    return {}


async def revenue_of_courses(
    session: AsyncSession,  # noqa: ARG001
    days: Range,  # noqa: ARG001
) -> Mapping[str, list[Money]]:
    """Revenue of each course that has any, by currency."""
    return {}


async def mrr(session: AsyncSession, scope: Scope, at: datetime) -> list[Money]:  # noqa: ARG001
    """Active recurring payments scaled to a month, by currency in alphabetical order."""
    return []
