"""Figures of past days that a process keeps until what they were counted from has changed.

Distinct people of a range cannot be added up from stored rows, and counting them reads a row for each day
and person. What is kept is as old as the stored rows of its days: a late fact counts when its day is computed
again.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import case, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.rules import Range
from storage.database.tables import AnalyticsDay

MOST_KEPT = 200  # figures; the oldest one gives way
Value = TypeVar("Value")

_kept: WeakKeyDictionary[Engine, dict[Hashable, tuple[Hashable, Any]]] = WeakKeyDictionary()


async def remembered(
    session: AsyncSession, what: Hashable, version: Hashable, count: Callable[[], Awaitable[Value]]
) -> Value:
    """Step: the figure named `what` of this version, counted if it is not known. It is not to be changed."""
    known = _kept.setdefault(session.get_bind().engine, {})
    found = known.get(what)
    if found is not None and found[0] == version:
        return cast("Value", found[1])
    value = await count()
    known.pop(what, None)
    while len(known) >= MOST_KEPT:
        del known[next(iter(known))]
    known[what] = (version, value)
    return value


async def version_of(session: AsyncSession, days: Range) -> Hashable | None:
    """Step: changes whenever one of the days, or an earlier one, is computed again or sealed. None while one
    of the days is not computed: its facts still come in."""
    row = AnalyticsDay
    inside = case((row.day >= days.first, 1), else_=0)
    found = (
        await session.execute(
            select(
                func.coalesce(func.sum(inside), 0),
                func.count(),
                func.sum(row.computed),
                func.max(row.computed_at),
                func.count(row.sealed_at),
            ).where(row.day <= days.last, row.computed > 0)
        )
    ).one()
    return tuple(found[1:]) if days.count > 0 and found[0] == days.count else None
