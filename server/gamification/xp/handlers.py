"""Handlers of facts that are worth XP, and of people whose place on the boards changes."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import ledger
from storage.database.tables import LearningEvent


async def on_fact(session: AsyncSession, fact: LearningEvent) -> None:
    """Handler: pay what the fact is worth, or take back what it undoes."""
    await ledger.settle(session, fact.user_id)


async def on_person(session: AsyncSession, user_id: str) -> None:
    """Handler: only learners who may sign in have a place on the boards."""
    await ledger.settle(session, user_id)
