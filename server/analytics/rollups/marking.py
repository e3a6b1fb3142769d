"""Dirty days: each fact marks the local day it belongs to, in its own transaction.

A day is dirty while its `generation` is higher than `computed`. An aggregation claims a generation of its own
before it reads, so that a fact after that raises the generation once more, and the rows of the later of two
aggregations stay. Facts share the day's lock until they are committed and a claim waits for them: a fact
that it does not wait for finds the day claimed.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.rules import MONTH_DAYS, later
from server.core.events import days_changed
from storage.database.insert import insert_for, insert_new_rows
from storage.database.locks import advisory_lock, advisory_locks_shared
from storage.database.tables import ActivityDay, AnalyticsDay, LearningEvent, User, WatchDay
from storage.states.privacy import RetentionKind

MARKED_KEY = "marked_days"  # in the session's info, of one transaction
# Made once, of columns of the table: each fact asks it, and building it takes longer than SQLite's answer.
DAY: Any = AnalyticsDay.__table__.c
STATES = select(DAY.day, DAY.generation, DAY.claimed).where(DAY.day.in_(bindparam("days", expanding=True)))
GONE: dict[RetentionKind, Any] = {
    RetentionKind.SESSIONS: AnalyticsDay.sessions_gone,
    RetentionKind.FACTS: AnalyticsDay.facts_gone,
}
NEVER = {"generation": 1, "claimed": 0, "computed": 0}  # of a day that is not computed yet


def lock_name(day: str) -> str:
    return f"analytics/{day}"


async def mark(session: AsyncSession, days: Collection[str]) -> None:
    """Handler of local days: mark them dirty. Of days that are dirty already, rows are only read."""
    transaction = session.sync_session.get_transaction()
    known: tuple[object, set[str]] = session.info.get(MARKED_KEY, (None, set()))
    marked = known[1] if known[0] is transaction else set()
    session.info[MARKED_KEY] = (transaction, marked)
    new = sorted(set(days) - marked)
    if not new:
        return
    await advisory_locks_shared(session, [lock_name(day) for day in new])
    row = AnalyticsDay
    states = await session.execute(STATES, {"days": new})
    dirty = {day for day, generation, claimed in states if generation > claimed}
    if clean := [day for day in new if day not in dirty]:
        higher = insert_for(session, row).on_conflict_do_update(
            index_elements=["day"],
            set_={"generation": row.claimed + 1},
            where=row.generation <= row.claimed,
        )
        await session.execute(higher, [{"day": day, **NEVER} for day in clean])
    marked.update(new)


async def on_person(session: AsyncSession, user_id: str) -> None:
    """Handler: whether somebody is a learner changes who was new on the day of their account."""
    day = await session.scalar(select(User.created_day).where(User.id == user_id))
    await days_changed(session, {day} if day else ())


async def ensure(session: AsyncSession, days: Collection[str]) -> None:
    """Step: rows of these days, so that the first fact of a day has none to add."""
    await insert_new_rows(session, AnalyticsDay, [{"day": day, **NEVER} for day in sorted(days)])


async def claim(session: AsyncSession, days: Collection[str]) -> dict[str, int]:
    """Step: a generation of its own for each day that is not sealed. Commit before reading the facts."""
    for day in sorted(days):
        await advisory_lock(session, lock_name(day))
    await ensure(session, days)
    row = AnalyticsDay
    claimed = await session.execute(
        update(row)
        .where(row.day.in_(days), row.sealed_at.is_(None))
        .values(generation=row.generation + 1, claimed=row.generation + 1)
        .returning(row.day, row.claimed)
    )
    return {day: generation for day, generation in claimed}  # noqa: C416 - typed


async def computed(session: AsyncSession, day: str, generation: int, now: datetime) -> bool:
    """Step: note that the rows of this generation are being stored. False when a later one's are there."""
    row = AnalyticsDay
    found = await session.scalar(
        update(row)
        .where(row.day == day, row.computed < generation, row.sealed_at.is_(None))
        .values(computed=generation, computed_at=now)
        .returning(row.day)
    )
    return found is not None


async def seal_before(session: AsyncSession, day: str, kind: RetentionKind, now: datetime) -> int:
    """Step: seal the earlier days that are computed, in the transaction that deletes facts of them, and note
    of all of them what is gone. How many were sealed."""
    sealed = await _seal(session, AnalyticsDay.day < day, now)
    gone = GONE[kind]
    told = update(AnalyticsDay).where(AnalyticsDay.day < day, ~gone)
    await session.execute(told.values({gone: True}))
    return sealed


async def seal_person(session: AsyncSession, user_id: str, now: datetime) -> int:
    """Step: seal the computed days that count somebody, before the account is deleted: figures keep their
    counts. Those of active people count a day for 30 days. How many days. Those that are sealed are sealed
    again, so that what was counted from their facts is known to be old."""
    sources = (
        select(LearningEvent.local_day).where(LearningEvent.user_id == user_id),
        select(ActivityDay.day).where(ActivityDay.user_id == user_id),
        select(WatchDay.day).where(WatchDay.user_id == user_id),
        select(User.created_day).where(User.id == user_id),
    )
    own = {day for source in sources for day in await session.scalars(source) if day}
    days = {later(day, number) for day in own for number in range(MONTH_DAYS)}
    sealed = update(AnalyticsDay).where(
        AnalyticsDay.day.in_(sorted(own)), AnalyticsDay.sealed_at.is_not(None)
    )
    await session.execute(sealed.values(sealed_at=now))
    return await _seal(session, AnalyticsDay.day.in_(sorted(days)), now)


async def _seal(session: AsyncSession, which: object, now: datetime) -> int:
    row = AnalyticsDay
    chosen = select(row.day).where(which, row.computed > 0, row.sealed_at.is_(None))  # type: ignore[arg-type]
    days = list(await session.scalars(chosen.order_by(row.day)))
    for day in days:
        await advisory_lock(session, lock_name(day))
    await session.execute(update(row).where(row.day.in_(days)).values(sealed_at=now))
    return len(days)
