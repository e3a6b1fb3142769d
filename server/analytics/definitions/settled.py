"""Which days are computed, and the versions of figures that are counted from them.

A version changes whenever a day it stands for is computed again, or facts of any day are deleted; there is
none while somebody is being erased. Days before the first one that has a row have no facts: a fact makes the
row of its day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Hashable, Mapping
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

import msgspec
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import Scope
from server.analytics.remembered import once, remembered
from server.analytics.rules import EVER, Range, later
from storage.database.tables import AnalyticsDay, Course, CourseInstructor, Erasure
from storage.states.privacy import RetentionKind

Value = TypeVar("Value")
WEIGHED = 1000  # rows or people of one unit of weight


class Days(msgspec.Struct, frozen=True):
    """Days that are computed, and generations of their rows added up before each of them."""

    first: str  # that has a row; empty: there is none, or facts are moving from one person to another
    computed: list[str]  # in order
    sums: list[int]  # one more than days
    deleted: Hashable  # changes when facts of a computed day are deleted
    version: Hashable = None  # of all of it: changes with each day that is computed or sealed, and an erasure
    gone: Mapping[RetentionKind, list[str]] = {}  # days of which retention has deleted what, in order

    def among(self, days: Range) -> list[str]:
        return self.computed[bisect_left(self.computed, days.first) : bisect_right(self.computed, days.last)]

    def without(self, kind: RetentionKind, days: Range) -> list[str]:
        """Days of a range of which retention has deleted facts of a kind."""
        gone = self.gone.get(kind, [])
        return gone[bisect_left(gone, days.first) : bisect_right(gone, days.last)]

    def stored(self, days: Range) -> Hashable:
        """Version of the stored rows of a range, whether or not all its days are computed."""
        begin, end = bisect_left(self.computed, days.first), bisect_right(self.computed, days.last)
        return (end - begin, self.sums[end] - self.sums[begin])

    def settled(self, days: Range, *, alone: bool = False) -> Hashable | None:
        """Version of what facts of the range and, unless `alone`, of all days before it say. None while a day
        of the range is not computed: its facts still come in."""
        if not self.first or days.last < days.first:
            return None
        begin = max(days.first, self.first)
        wanted = Range(begin, days.last).count if begin <= days.last else 0
        if len(self.among(days)) != wanted:
            return None
        return (self.stored(days if alone else Range(EVER, days.last)), self.deleted)


async def known_days(session: AsyncSession) -> Days:
    """Step."""
    return await once(session, "days", lambda: _known(session))


async def _known(session: AsyncSession) -> Days:
    row = AnalyticsDay
    sums = func.sum(row.computed), func.sum(case((row.computed > 0, 1), else_=0))
    erasing = select(func.count()).select_from(Erasure).scalar_subquery()
    gone = [func.sum(case((one, 1), else_=0)) for one in (row.sessions_gone, row.facts_gone)]
    deleted = func.count(row.sealed_at), func.max(row.sealed_at), *gone
    state = select(func.count(), func.min(row.day), erasing, *sums, *deleted)
    version = tuple((await session.execute(state)).one())

    async def read() -> Days:
        query = select(row.day, row.computed, row.sessions_gone, row.facts_gone).order_by(row.day)
        rows = (await session.execute(query)).all()
        found = [(one.day, one.computed) for one in rows if one.computed > 0]
        gone = {
            RetentionKind.SESSIONS: [one.day for one in rows if one.sessions_gone],
            RetentionKind.FACTS: [one.day for one in rows if one.facts_gone],
        }
        sums = list(accumulate((computed for _, computed in found), initial=0))
        first = "" if version[2] else version[1] or ""
        return Days(first, [day for day, _ in found], sums, version[-4:], version, gone)

    return await remembered(session, "days", version, read)


async def version_of(
    session: AsyncSession, scope: Scope, days: Range, *, alone: bool = False
) -> Hashable | None:
    """Step: changes whenever one of the days or, unless `alone`, an earlier one is computed again, or one is
    sealed, or the scope has other courses or people. None while one of the days is not computed."""
    settled = (await known_days(session)).settled(days, alone=alone)
    return None if settled is None else (settled, await of_scope(session, scope))


async def of_scope(session: AsyncSession, scope: Scope) -> Hashable:
    """Step: changes with the courses of an instructor and the people of a team."""
    return await once(session, ("scope", scope), lambda: _members(session, scope))


async def _members(session: AsyncSession, scope: Scope) -> Hashable:
    found: list[str] = []
    if scope.course_id:
        found += await session.scalars(select(Course.id).where(Course.id == scope.course_id))
    if scope.instructor_id:
        own = select(CourseInstructor.course_id).where(CourseInstructor.user_id == scope.instructor_id)
        found += sorted(await session.scalars(own))
    if scope.team_id:
        found += sorted(await session.scalars(scope.team))
    return blake2b("/".join(found).encode()).digest()


async def of_stored(
    session: AsyncSession,
    what: Hashable,
    scope: Scope,
    days: Range,
    count: Callable[[], Awaitable[Value]],
    weight: Callable[[Value], int] = lambda _value: 1,
) -> Value:
    """Step: what is added up from stored rows of a range."""
    version = ((await known_days(session)).stored(days), await of_scope(session, scope))
    return await remembered(session, (what, scope, days), version, count, weight)


async def past_of(
    session: AsyncSession, scope: Scope, days: Range, *, alone: bool = False
) -> tuple[Range, Hashable] | None:
    """Step: the range, or the range without its last day, and its version. None: count it anew."""
    for past in (days, Range(days.first, later(days.last, -1))):
        version = await version_of(session, scope, past, alone=alone)
        if version is not None:
            return past, version
    return None
