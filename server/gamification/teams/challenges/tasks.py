"""Scheduled task that counts challenges, and writes the results of those that are over."""

from datetime import datetime

from sqlalchemy import select, update

from server.gamification.learner.stats import today
from server.gamification.teams.challenges import counting, rules
from server.services import Services
from storage.database.locks import lock_row
from storage.database.tables import Challenge
from storage.messages import N_, Message, message


async def count_challenges(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Safe to run twice: a result that is written is never written again."""
    async with services.database.read() as session:
        day, day_then = await today(session, now), await today(session, now - rules.GRACE)
        begun = select(Challenge).where(Challenge.settled_at.is_(None), Challenge.first_day <= day)
        found = list(await session.scalars(begun.order_by(Challenge.id)))
    settled = 0
    for challenge in found:
        if rules.is_due(challenge.last_day, challenge.ended_at, now, day_then):
            settled += await _settle(services, challenge.id, now)
        else:
            await _note(services, challenge, now)
    return message(N_("Challenges with a result: %(count)s"), count=settled) if settled else None


async def _settle(services: Services, challenge_id: str, now: datetime) -> bool:
    async with services.database.write() as session:
        row = await lock_row(session, Challenge, challenge_id)
        if row is None or row.settled_at is not None:
            return False
        await counting.settle(session, row, now)
        return True


async def _note(services: Services, challenge: Challenge, now: datetime) -> None:
    """Counting takes a read; the write is a row."""
    async with services.database.read() as session:
        counted = await counting.count(session, challenge)
    values = {"progress": counted.progress, "people": counted.people, "counted_at": now}
    running = (Challenge.id == challenge.id) & Challenge.settled_at.is_(None)
    async with services.database.write() as session:
        await session.execute(update(Challenge).where(running).values(**values))
