"""Scheduled task that runs dry runs of changes, and settles everybody after a change."""

import asyncio
from datetime import datetime

from sqlalchemy import select, update

from server.gamification.changes import preview
from server.gamification.xp import ledger
from server.services import Services
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import RuleChange, User, UserStats
from storage.messages import N_, Message, message
from storage.states import ChangeState

BATCH = 100  # people settled in one transaction, while other writers wait
PAUSE_SECONDS = 0.01  # in which they get their turn, of other processes too


async def run(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Go on with what there is to do, applied changes first. Killed, it goes on where it was."""
    done = 0
    for state in (ChangeState.APPLYING, ChangeState.PREVIEWING):
        while change_id := await _oldest(services.database, state):
            if state == ChangeState.APPLYING:
                await settle_everybody(services.database, change_id)
            else:
                await preview.run(services.database, change_id, now)
            done += 1
    return message(N_("Done: %(count)s"), count=done) if done else None


async def _oldest(database: Database, state: ChangeState) -> str | None:
    async with database.read() as session:
        found = select(RuleChange.id).where(RuleChange.state == state).order_by(RuleChange.id).limit(1)
        return await session.scalar(found)


async def settle_everybody(database: Database, change_id: str) -> None:
    """Use case: settle everybody by the rules as they are now. Safe to run twice, and at once."""
    while True:
        if not await settle_batch(database, change_id):
            return
        await asyncio.sleep(PAUSE_SECONDS)


async def settle_batch(database: Database, change_id: str) -> bool:
    """Use case: settle the next people, with the cursor in the same transaction; False when all are done."""
    async with database.write() as session:
        await advisory_lock(session, ledger.LOCK)  # before the row's, as in `service.apply`
        row = await session.get(RuleChange, change_id, with_for_update=True)
        if row is None or row.state != ChangeState.APPLYING:
            return False
        people = list(
            await session.scalars(
                select(UserStats.user_id)
                .join(User, User.id == UserStats.user_id)
                .where(UserStats.user_id > row.cursor, User.erased_at.is_(None))
                .order_by(UserStats.user_id)
                .limit(BATCH)
            )
        )
        await ledger.settle_all(session, people)
        done = row.done + len(people)
        values = {"cursor": people[-1], "done": done} if people else {"state": ChangeState.APPLIED}
        await session.execute(update(RuleChange).where(RuleChange.id == change_id).values(**values))
        return bool(people)
