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
from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, literal, select, true
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
FIRST_LOT = 40_000  # people, while the boards are empty and nobody looks at them
PAUSE_SECONDS = 0.02  # between two lots, in which other processes write


class Rebuilt(msgspec.Struct, frozen=True):
    people: int  # learners and others that were looked at
    lots: int  # of which some row was wrong


async def rebuild(database: Database, now: datetime) -> Rebuilt:
    """Use case: make the kept periods of all boards equal to the ledger. Idempotent."""
    async with database.read() as session:
        day = await today(session, now)
        size = LOT if await session.scalar(select(LeaderboardRow.user_id).limit(1)) else FIRST_LOT
    low, people, wrong = "", 0, 0
    while True:
        async with database.write() as session:
            await advisory_lock(session, LOCK)
            high, count = await _lot(session, low, size)
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


async def _lot(session: AsyncSession, low: str, size: int) -> tuple[str | None, int]:
    """Last of the next people, None at the end, and how many they are."""
    ids = select(User.id).where(User.id > low).order_by(User.id).limit(size).subquery()
    last, count = (await session.execute(select(func.max(ids.c.id), func.count()).select_from(ids))).one()
    return (last if count == size else None), count


async def _put_right(session: AsyncSession, low: str, high: str | None, day: str) -> bool:
    """Step: correct the rows of the people of a range. True if some were wrong."""
    await gather(session, low, high, day)
    wrong = False
    for number, period in enumerate(kept_periods(day)):
        there, differ = await _compare(session, number, period, low, high)
        if there and differ:
            await _forget(session, number, period, low, high)
        if differ:
            await _write(session, number, period)
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


async def _compare(
    session: AsyncSession, number: int, period: Period, low: str, high: str | None
) -> tuple[bool, bool]:
    """Whether the range has rows, and whether they are others than those that the sums ask for."""
    row = LeaderboardRow
    xp, at = _columns(number)
    equal = and_(row.xp == xp, row.reached_at == at)
    same = and_(_of(period, low, high), row.user_id == SUMS.c.user_id, equal)
    counts = (
        select(func.count()).select_from(SUMS).where(xp > 0),
        select(func.count()).select_from(SUMS).join(row, same).where(xp > 0),
        select(func.count()).select_from(row).where(_of(period, low, high)),
    )
    wanted, right, there = (await session.execute(select(*(one.scalar_subquery() for one in counts)))).one()
    return there > 0, not wanted == right == there


async def _forget(session: AsyncSession, number: int, period: Period, low: str, high: str | None) -> None:
    """Take the rows of a range off the counts, and delete those that the sums have no XP for."""
    row = LeaderboardRow
    await _count(
        session, select(row.xp, -func.count()).where(_of(period, low, high)).group_by(row.xp), period
    )
    surplus = delete(row).where(_of(period, low, high), ~_is_summed(number))
    await session.execute(surplus.execution_options(synchronize_session=False))


async def _write(session: AsyncSession, number: int, period: Period) -> None:
    """Write the rows of the summed people, and count them."""
    row = LeaderboardRow
    xp, at = _columns(number)
    # In the order of the board, so that a page of its index is written once.
    wanted = select(*_named(period), SUMS.c.user_id, xp, at).where(xp > 0)
    wanted = wanted.order_by(xp.desc(), at, SUMS.c.user_id)
    new = insert_for(session, row).from_select(["timeframe", "period", "user_id", "xp", "reached_at"], wanted)
    values = {"xp": new.excluded.xp, "reached_at": new.excluded.reached_at}
    await session.execute(
        new.on_conflict_do_update(index_elements=["user_id", "timeframe", "period"], set_=values)
    )
    await _count(session, select(xp, func.count()).where(xp > 0).group_by(xp), period)
    gone = delete(LeaderboardCount).filter_by(timeframe=period[0], period=period[1])
    await session.execute(gone.where(LeaderboardCount.people <= 0))


def _named(period: Period) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return literal(period[0], LeaderboardRow.timeframe.type), literal(period[1])


async def _count(session: AsyncSession, people: Select[Any, Any], period: Period) -> None:
    """Add people to the counts of their XP in a period. `people`: each XP and how many."""
    given = people.subquery()
    wanted = select(*_named(period), *given.c).where(true())  # without it, ON is read as part of a join
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
