"""Achievements of one person: unlocked ones, and the way to the others. Steps."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.text.formats import translated
from server.gamification.learner.schemas import AchievementView
from server.gamification.xp import books, engine, history
from server.gamification.xp.engine import Book, Terms
from storage.database.tables import Achievement, UserAchievement
from storage.states import XpRule


async def of_person(
    session: AsyncSession,
    user_id: str,
    only: Collection[str] | None = None,
    shares: Mapping[str, float] | None = None,
) -> list[AchievementView]:
    """Achievements in their order, with the person's progress. Those that the person cannot unlock any
    more, retired ones for example, only if they have them.

    `only`: ids of those that are wanted; `shares`: percent of the learners who have each.
    """
    mine = select(UserAchievement).where(UserAchievement.user_id == user_id)
    unlocked = {row.achievement_id: row.unlocked_at for row in await session.scalars(mine)}
    book = await books.book(session)
    outcome = engine.settle((await history.histories(session, [user_id]))[user_id], book)
    rows = await session.scalars(select(Achievement).order_by(Achievement.position, Achievement.id))
    found = []
    for row in rows:
        terms = outcome.terms.get(row.id)
        if (only is None or row.id in only) and (terms or row.id in unlocked):
            terms = terms or Terms(criterion=row.criterion, threshold=row.threshold)
            reached = outcome.counts[terms.criterion]
            found.append(_view(row, terms, book, reached, unlocked.get(row.id), shares))
    return found


async def possible(session: AsyncSession, user_id: str, held: Collection[str]) -> int:
    """How many achievements the person has or can still unlock: as many as `of_person` gives."""
    book = await books.book(session)
    left = [award for award in book.awards if not award.retired and award.id not in held]
    if all(award.is_open_to_all for award in left):
        return len(held) + len(left)
    known = await history.histories(session, [user_id])
    return len(held) + len(engine.settle(known[user_id], book).terms.keys() - held)


def _view(
    row: Achievement,
    terms: Terms,
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
        criterion=terms.criterion,
        threshold=terms.threshold,
        progress=terms.threshold if unlocked_at else min(terms.threshold, reached),
        points=book.value(XpRule.ACHIEVEMENT_UNLOCKED, unlocked_at or engine.LATER, row.id).amount,
        unlocked_at=unlocked_at,
        learners_percent=None if shares is None else round(shares.get(row.id, 0.0), 2),
    )
