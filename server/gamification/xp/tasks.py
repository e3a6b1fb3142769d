"""Scheduled task that pays days of learning, which are noted by the thousand while people watch."""

from datetime import datetime

from sqlalchemy import select

from server.gamification.xp import ledger
from server.services import Services
from storage.database.tables import ActivityDay
from storage.messages import N_, Message, message

PEOPLE = 50  # found at a time; each is paid in a transaction of their own


async def pay_days(services: Services, _slot: datetime, _now: datetime) -> Message | None:
    """Pay the days that the ledger does not know yet."""
    people = 0
    while True:
        async with services.database.read() as session:
            unpaid = select(ActivityDay.user_id).where(~ActivityDay.settled).distinct().limit(PEOPLE)
            found = list(await session.scalars(unpaid))
        for user_id in found:
            async with services.database.write() as session:
                await ledger.settle(session, user_id)
        people += len(found)
        if not found:
            return message(N_("Paid: %(count)s"), count=people) if people else None
