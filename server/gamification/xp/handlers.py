"""Handler of the facts that are worth XP."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import ledger
from storage.database.tables import LearningEvent


async def on_fact(session: AsyncSession, fact: LearningEvent) -> None:
    """Handler: pay what the fact is worth, or take back what it undoes."""
    await ledger.settle(session, fact.user_id)
