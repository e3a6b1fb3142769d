"""Shares of the institution's learners that have each achievement."""

import asyncio
from collections.abc import Callable, Mapping

from sqlalchemy import func, select

from storage.database.engine import Database
from storage.database.tables import User, UserAchievement
from storage.states import Role

KEPT_SECONDS = 600.0  # counting takes seconds with a million learners

LEARNERS = (User.role == Role.LEARNER, User.disabled_at.is_(None))


class AchievementShares:
    """Percent of the learners by achievement, counted again after ten minutes by one request at a time."""

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database, self._monotonic = database, monotonic
        self._counting = asyncio.Lock()
        self._counted_at: float | None = None
        self._percents: Mapping[str, float] = {}

    async def __call__(self) -> Mapping[str, float]:
        async with self._counting:
            if self._counted_at is None or self._monotonic() - self._counted_at >= KEPT_SECONDS:
                self._percents = await self._count()
                self._counted_at = self._monotonic()
            return self._percents

    async def _count(self) -> Mapping[str, float]:
        held = (
            select(UserAchievement.achievement_id, func.count())
            .join(User, User.id == UserAchievement.user_id)
            .where(*LEARNERS)
            .group_by(UserAchievement.achievement_id)
        )
        async with self._database.read() as session:
            people = await session.scalar(select(func.count()).select_from(User).where(*LEARNERS)) or 0
            rows = await session.execute(held)
            return {achievement_id: 100 * count / people for achievement_id, count in rows}
