"""Scheduled task of the boards: delete ended periods, rebuild the kept ones from the ledger."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core import schedule
from server.gamification.boards.rebuild import rebuild
from server.gamification.boards.schemas import LastRebuild
from server.gamification.boards.sums import of_period
from server.gamification.learner.stats import today
from server.gamification.xp import rules
from server.gamification.xp.ledger import LOCK
from server.services import Services
from storage.database.among import among
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.locks import advisory_lock
from storage.database.tables import BoardGroupMember, LeaderboardCount, LeaderboardRow, ScheduledTask
from storage.messages import N_, Message, message
from storage.states import Timeframe

TASK = "leaderboards"
PART = 5000  # rows that are deleted in one transaction


async def renew(services: Services, _slot: datetime, now: datetime) -> Message:
    """Safe to run twice, and beside awards."""
    gone = await delete_ended(services.database, now)
    done = await rebuild(services.database, now)
    told = N_("People: %(people)s; lots of them with wrong rows: %(wrong)s; old rows deleted: %(gone)s")
    return message(told, people=done.people, wrong=done.lots, gone=gone)


async def delete_ended(database: Database, now: datetime) -> int:
    """Use case: delete rows, counts and groups of months and weeks that have ended; how many rows."""
    async with database.read() as session:
        kept = rules.kept(await today(session, now))
    deleted = 0
    for timeframe in (Timeframe.MONTHLY, Timeframe.WEEKLY):
        while found := await _delete_part(database, timeframe, min(kept[timeframe])):
            deleted += found
    async with database.write() as session:
        await advisory_lock(session, LOCK)
        for timeframe in (Timeframe.MONTHLY, Timeframe.WEEKLY):
            for table in (LeaderboardRow, LeaderboardCount):
                ended = (table.timeframe == timeframe, table.period < min(kept[timeframe]))
                await session.execute(delete(table).where(*ended))
        first = min(kept[Timeframe.WEEKLY])
        await session.execute(delete(BoardGroupMember).where(BoardGroupMember.period < first))
    return deleted


async def _delete_part(database: Database, timeframe: Timeframe, first: str) -> int:
    """Delete some rows of the oldest period before the first kept one; how many. Nobody reads it any more, so
    that its counts can wait for the last transaction."""
    row = LeaderboardRow
    oldest = select(func.min(row.period)).where(row.timeframe == timeframe, row.period < first)
    async with database.write() as session:
        await advisory_lock(session, LOCK)
        period = await session.scalar(oldest)
        if period is None:
            return 0
        own = select(row.user_id).where(row.timeframe == timeframe, row.period == period)
        ids = list(
            await session.scalars(own.order_by(row.xp.desc(), row.reached_at, row.user_id).limit(PART))
        )
        gone = delete(row).where(among(session, row.user_id, ids), of_period((timeframe, period)))
        await session.execute(gone.execution_options(synchronize_session=False))
    return len(ids)


async def ask(database: Database, now: datetime) -> None:
    """Use case: let the scheduler run the task within a few seconds."""
    async with database.write() as session:
        await insert_new(session, ScheduledTask, name=TASK, due_at=now, fence=0)
    await schedule.run_now(database, TASK, now)


async def last(session: AsyncSession, now: datetime) -> LastRebuild:
    """Step: how the last run went."""
    row = await session.get(ScheduledTask, TASK)
    if row is None:
        return LastRebuild(running=False, ended_at=None, result=None, failed=False)
    running = row.lease_until is not None and row.lease_until > now and not row.last_error
    return LastRebuild(
        running=running,
        ended_at=row.last_ended,
        result=row.last_error or row.last_result,
        failed=bool(row.last_error),
    )
