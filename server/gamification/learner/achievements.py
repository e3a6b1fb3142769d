"""Achievements of one person: unlocked ones, and the way to the others. Steps."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.text.formats import translated
from server.gamification.learner.schemas import AchievementView
from server.gamification.xp import engine, history
from server.gamification.xp.engine import Book
from storage.database.tables import Achievement, UserAchievement
from storage.states import XpRule


async def of_person(
    session: AsyncSession,
    user_id: str,
    only: Collection[str] | None = None,
    shares: Mapping[str, float] | None = None,
) -> list[AchievementView]:
    """Achievements in their order, with the person's progress. Retired ones only if the person has them.

    `only`: ids of those that are wanted; `shares`: percent of the learners who have each.
    """
    mine = select(UserAchievement).where(UserAchievement.user_id == user_id)
    unlocked = {row.achievement_id: row.unlocked_at for row in await session.scalars(mine)}
    book = await history.book(session)
    outcome = engine.settle((await history.histories(session, [user_id]))[user_id], book)
    rows = await session.scalars(select(Achievement).order_by(Achievement.position, Achievement.id))
    return [
        _view(row, book, outcome.counts[row.criterion], unlocked.get(row.id), shares)
        for row in rows
        if (only is None or row.id in only) and (row.retired_at is None or row.id in unlocked)
    ]


def _view(
    row: Achievement,
    book: Book,
    reached: int,
    unlocked_at: datetime | None,
    shares: Mapping[str, float] | None,
) -> AchievementView:
    return AchievementView(
        id=row.id,
        name=translated(row.name),
        description=translated(row.description),
        rarity=row.rarity,
        criterion=row.criterion,
        threshold=row.threshold,
        progress=row.threshold if unlocked_at else min(row.threshold, reached),
        points=book.value(XpRule.ACHIEVEMENT_UNLOCKED, unlocked_at or engine.LATER, row.id).amount,
        unlocked_at=unlocked_at,
        learners_percent=None if shares is None else round(shares.get(row.id, 0.0), 2),
    )
