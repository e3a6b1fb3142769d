"""What the tests of a learner's pages begin with: days of learning, and the ledger as rows."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import func, select

from server.core.events import note_activity
from server.gamification.xp import ledger
from storage.database.engine import Database
from storage.database.tables import ActivityDay, LearningEvent, UserStats


async def learned_on(database: Database, user_id: str, days: Iterable[str]) -> None:
    """Learned at noon UTC of these days; the ledger knows it."""
    async with database.write() as session:
        for day in days:
            noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
            await note_activity(session, [user_id], noon)
        await ledger.settle(session, user_id)


async def xp_of(database: Database, user_id: str) -> int:
    async with database.read() as session:
        found = await session.get(UserStats, user_id)
        return found.total_xp if found else 0


async def facts_of(database: Database, user_id: str) -> int:
    """Number of facts and days of learning."""
    async with database.read() as session:
        facts = [
            await session.scalar(select(func.count()).where(table.user_id == user_id))
            for table in (LearningEvent, ActivityDay)
        ]
    return sum(count or 0 for count in facts)


async def settled(database: Database, user_id: str) -> tuple[int, int]:
    """XP of everything that the person's facts are worth, and the number of these."""
    async with database.write() as session:
        await ledger.settle(session, user_id)
    return await xp_of(database, user_id), await facts_of(database, user_id)
