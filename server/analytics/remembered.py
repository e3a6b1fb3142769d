"""Figures of past days that a process keeps until what they were counted from has changed.

Distinct people of a range cannot be added up from stored rows, and counting them reads a row for each day
and person. What is kept is as old as the stored rows of its days: a late fact counts when its day is computed
again. Within one reading of the database nothing is asked twice. `server.analytics.lately` keeps figures with
the current day in them here, too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import READING

MOST_KEPT = 1500  # figures, or a figure's weight; those that were asked for longest ago give way
ONCE_KEY = "once"  # in the session's info, of one transaction
Value = TypeVar("Value")


class Kept:
    """Figures by name, each with its version and weight, the one asked for last at the end."""

    def __init__(self) -> None:
        self.figures: dict[Hashable, tuple[Hashable, Any, int]] = {}
        self.weight = 0
        self._counting: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def counting(self, what: Hashable) -> asyncio.Lock:
        """Held while a figure is counted, so that those who ask meanwhile wait for it."""
        return self._counting.setdefault(what, asyncio.Lock())

    def find(self, what: Hashable, version: Hashable) -> tuple[Any] | None:
        found = self.figures.get(what)
        if found is None or found[0] != version:
            return None
        self.figures[what] = self.figures.pop(what)
        return (found[1],)

    def add(self, what: Hashable, version: Hashable, value: Any, weight: int) -> None:
        self._drop(what)
        self.figures[what] = (version, value, weight)
        self.weight += weight
        while self.weight > MOST_KEPT and len(self.figures) > 1:
            self._drop(next(iter(self.figures)))

    def _drop(self, what: Hashable) -> None:
        if dropped := self.figures.pop(what, None):
            self.weight -= dropped[2]


kept: WeakKeyDictionary[Engine, Kept] = WeakKeyDictionary()


def kept_of(session: AsyncSession) -> Kept:
    return kept.setdefault(session.get_bind().engine, Kept())


async def remembered(
    session: AsyncSession,
    what: Hashable,
    version: Hashable,
    count: Callable[[], Awaitable[Value]],
    weight: Callable[[Value], int] = lambda _value: 1,
) -> Value:
    """Step: the figure named `what` of this version, counted if it is not known. It is not to be changed.
    `weight`: of a figure that takes more than some kilobytes."""
    known = kept_of(session)
    if found := known.find(what, version):
        return cast("Value", found[0])
    value = await count()
    known.add(what, version, value, weight(value))
    return value


async def once(session: AsyncSession, what: Hashable, count: Callable[[], Awaitable[Value]]) -> Value:
    """Step: what was counted in this reading already, else counted: a reading sees one state of the database.
    In a transaction that writes it is always counted. It is not to be changed."""
    if not session.info.get(READING):
        return await count()
    if (transaction := session.sync_session.get_transaction()) is None:
        await session.connection()
        transaction = session.sync_session.get_transaction()
    of_transaction, known = session.info.get(ONCE_KEY, (None, {}))
    if of_transaction is not transaction:
        known = {}
        session.info[ONCE_KEY] = (transaction, known)
    if what not in known:
        known[what] = await count()
    return cast("Value", known[what])
