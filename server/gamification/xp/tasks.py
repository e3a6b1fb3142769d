"""Scheduled task that pays days of learning, which are noted by the thousand while people watch."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select

from server.gamification.xp import ledger
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import ActivityDay
from storage.messages import N_, Message, message

PEOPLE = 50  # paid in one transaction, while other writers wait

log = structlog.get_logger()


async def pay_days(services: Services, _slot: datetime, _now: datetime) -> Message | None:
    """Pay the days that the ledger does not know yet.

    Whoever cannot be paid is logged, holds nobody up, and is tried again by the next run.
    """
    cursor, paid, failed = "", 0, 0
    while found := await _unpaid(services.database, cursor):
        done = await _pay(services.database, found)
        paid, failed, cursor = paid + done, failed + len(found) - done, found[-1]
    if failed:
        told = N_("Paid: %(count)s; not paid, see the server's log: %(failed)s")
        return message(told, count=paid, failed=failed)
    return message(N_("Paid: %(count)s"), count=paid) if paid else None


async def _unpaid(database: Database, cursor: str) -> Sequence[str]:
    day = ActivityDay
    wanted = select(day.user_id).where(~day.settled, day.user_id > cursor).distinct().order_by(day.user_id)
    async with database.read() as session:
        return list(await session.scalars(wanted.limit(PEOPLE)))


async def _pay(database: Database, user_ids: Sequence[str]) -> int:
    """Pay people together or, if that fails, one by one; how many were paid."""
    try:
        async with database.write() as session:
            await ledger.settle_all(session, user_ids)
    except Exception as failure:
        if len(user_ids) > 1:
            return sum([await _pay(database, [user_id]) for user_id in user_ids])
        reason = f"{type(failure).__name__}: {failure}"
        log.error("days of learning not paid", user_id=user_ids[0], error=reason)
        return 0
    return len(user_ids)
