"""Rebuild of the boards from the ledger: while people look at them and earn XP.

Some thousand people at a time, each lot in a transaction that holds the ledger's lock: their rows are
compared with the ledger's sums and put right where they differ. Readers see whole boards all the time, awards
before and after a lot are in its sums, and a rebuild that dies is begun again without loss.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.boards.sums import SUMS, drop, gather, kept_periods, of_period, within
from server.gamification.learner.stats import today
from server.gamification.xp.ledger import LOCK
from server.gamification.xp.places import Period
from storage.database.engine import Database
from storage.database.insert import insert_for
from storage.database.locks import advisory_lock
from storage.database.tables import LeaderboardCount, LeaderboardRow, User

LOT = 10_000  # people: fewer of them would write the same pages of the order more often
PAUSE_SECONDS = 0.02  # between two lots, in which other processes write


class Rebuilt(msgspec.Struct, frozen=True):
    people: int  # learners and others that were looked at
    lots: int  # of which some row was wrong


async def rebuild(database: Database, now: datetime) -> Rebuilt:
    """Use case: make the kept periods of all boards equal to the ledger. Idempotent."""
    async with database.read() as session:
        day = await today(session, now)
    low, people, wrong = "", 0, 0
    while True:
        async with database.write() as session:
            await advisory_lock(session, LOCK)
            high, count = await _lot(session, low)
            wrong += await _put_right(session, low, high, day)
        people += count
        if high is None:
            break
        low = high
        await asyncio.sleep(PAUSE_SECONDS)
    for period in kept_periods(day):
        async with database.write() as session:
            await advisory_lock(session, LOCK)
            await _count_again(session, period)
    return Rebuilt(people, wrong)


async def _lot(session: AsyncSession, low: str) -> tuple[str | None, int]:
    """Last of the next people, None at the end, and how many they are."""
    ids = select(User.id).where(User.id > low).order_by(User.id).limit(LOT).subquery()
    last, count = (await session.execute(select(func.max(ids.c.id), func.count()).select_from(ids))).one()
    return (last if count == LOT else None), count


async def _put_right(session: AsyncSession, low: str, high: str | None, day: str) -> bool:
    """Step: correct the rows of the people of a range. True if some were wrong."""
    await gather(session, low, high, day)
    wrong = False
    for number, period in enumerate(kept_periods(day)):
        if await _differs(session, number, period, low, high):
            await _write(session, number, period, low, high)
            wrong = True
    await drop(session)
    return wrong


def _of(period: Period, low: str, high: str | None) -> ColumnElement[bool]:
    """Rows of a period and a range of people."""
    return and_(within(LeaderboardRow.user_id, low, high), of_period(period))


def _columns(number: int) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return SUMS.c[f"xp_{number}"], SUMS.c[f"at_{number}"]


def _is_summed(number: int) -> ColumnElement[bool]:
    """Whether the sums have XP for a board's row."""
    xp, _ = _columns(number)
    return exists().where(SUMS.c.user_id == LeaderboardRow.user_id, xp > 0)


async def _differs(session: AsyncSession, number: int, period: Period, low: str, high: str | None) -> bool:
    """Whether the rows of the range are others than those that the sums ask for."""
    row = LeaderboardRow
    xp, at = _columns(number)
    equal = and_(row.xp == xp, row.reached_at == at)
    same = and_(_of(period, low, high), row.user_id == SUMS.c.user_id, equal)
    counts = (
        select(func.count()).select_from(SUMS).where(xp > 0),
        select(func.count()).select_from(SUMS).join(row, same).where(xp > 0),
        select(func.count()).select_from(row).where(_of(period, low, high)),
    )
    found = await session.execute(select(*(one.scalar_subquery() for one in counts)))
    return len(set(found.one())) > 1


async def _write(session: AsyncSession, number: int, period: Period, low: str, high: str | None) -> None:
    """Replace the rows of a range, and move the counts with them."""
    row = LeaderboardRow
    xp, at = _columns(number)
    await _count(session, period, low, high, -1)
    surplus = delete(row).where(_of(period, low, high), ~_is_summed(number))
    await session.execute(surplus.execution_options(synchronize_session=False))
    timeframe, name = literal(period[0], row.timeframe.type), literal(period[1])
    # In the order of the board, so that a page of its index is written once.
    wanted = select(timeframe, name, SUMS.c.user_id, xp, at).where(xp > 0)
    wanted = wanted.order_by(xp.desc(), at, SUMS.c.user_id)
    new = insert_for(session, row).from_select(["timeframe", "period", "user_id", "xp", "reached_at"], wanted)
    values = {"xp": new.excluded.xp, "reached_at": new.excluded.reached_at}
    await session.execute(
        new.on_conflict_do_update(index_elements=["user_id", "timeframe", "period"], set_=values)
    )
    await _count(session, period, low, high, 1)
    gone = delete(LeaderboardCount).filter_by(timeframe=period[0], period=period[1])
    await session.execute(gone.where(LeaderboardCount.people <= 0))


async def _count(session: AsyncSession, period: Period, low: str, high: str | None, sign: int) -> None:
    """Add the people of a range to the counts of their XP, or take them off."""
    row = LeaderboardRow
    people = sign * func.count()
    wanted = select(row.timeframe, row.period, row.xp, people).where(_of(period, low, high))
    wanted = wanted.group_by(row.timeframe, row.period, row.xp)
    new = insert_for(session, LeaderboardCount).from_select(["timeframe", "period", "xp", "people"], wanted)
    added = {"people": LeaderboardCount.people + new.excluded.people}
    await session.execute(new.on_conflict_do_update(index_elements=["timeframe", "period", "xp"], set_=added))


async def _count_again(session: AsyncSession, period: Period) -> None:
    """Count a whole period, which heals counts that were wrong before."""
    row, count = LeaderboardRow, LeaderboardCount
    await session.execute(delete(count).filter_by(timeframe=period[0], period=period[1]))
    wanted = select(row.timeframe, row.period, row.xp, func.count())
    wanted = wanted.filter_by(timeframe=period[0], period=period[1])
    wanted = wanted.group_by(row.timeframe, row.period, row.xp)
    names: Sequence[str] = ("timeframe", "period", "xp", "people")
    await session.execute(insert(count).from_select(names, wanted))
