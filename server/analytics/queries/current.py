"""Active people of a day that is not over: when each of them had learned before, looked up once.

With it, what the day adds to distinct people of the days before is known for every range.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import people
from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import WEIGHED, version_of
from server.analytics.remembered import once, remembered
from server.analytics.rules import EVER, Range, later
from storage.database.tables import ActivityDay

LOT = 500  # people of one query
LookedUp = dict[str, str]  # local days by person; empty: there is none


async def newcomers(session: AsyncSession, scope: Scope, day: str, first: str) -> int:
    """Step: active people of a day who had not learned since `first`. The day before is computed."""
    yesterday = later(day, -1)
    version = await version_of(session, scope, Range(yesterday, yesterday))

    async def read() -> Sequence[str]:
        return sorted((await before(session, scope, day, version)).values())

    counted = (version, await count(session, scope, day))
    earlier = await remembered(session, ("earlier", scope, day), counted, read, _weight)
    return bisect_left(earlier, first)


def _weight(found: Sequence[str]) -> int:
    return 1 + len(found) // WEIGHED


async def count(session: AsyncSession, scope: Scope, day: str) -> int:
    """Step: active people of one day; there are only more of them while it lasts."""
    if not scope.is_everything:
        return len(await _active(session, scope, day))
    query = select(func.count()).where(ActivityDay.day == day)

    async def read() -> int:
        return int(await session.scalar(query) or 0)

    return await once(session, ("active", day), read)


async def _active(session: AsyncSession, scope: Scope, day: str) -> Sequence[str]:
    rows = people.active_rows(scope, Range(day, day)).subquery()

    async def read() -> Sequence[str]:
        return list(await session.scalars(select(rows.c.user_id).distinct()))

    return await once(session, ("who", scope, day), read)


async def before(session: AsyncSession, scope: Scope, day: str, version: Hashable) -> LookedUp:
    """Step: active people of a day, each with the last day on which they had learned before. `version`: of
    the days before."""

    async def nobody() -> LookedUp:
        return {}

    known = await remembered(session, ("before", scope, day), version, nobody, lambda _known: 20)
    active = await _active(session, scope, day)
    for lot in lots([user_id for user_id in active if user_id not in known]):
        rows = people.active_rows(scope, Range(EVER, later(day, -1)), lot).subquery()
        last = select(rows.c.user_id, func.max(rows.c.day))
        rows_of_lot = await session.execute(last.group_by(rows.c.user_id))
        found = {user_id: last_day for user_id, last_day in rows_of_lot}  # noqa: C416 - typed
        known |= {user_id: found.get(user_id, "") for user_id in lot}
    return {user_id: known[user_id] for user_id in active}


def lots(ids: Iterable[str]) -> list[list[str]]:
    every = sorted(ids)
    return [every[start : start + LOT] for start in range(0, len(every), LOT)]
