"""Celebration of levels and achievements: each once for a person, on whichever device asks first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.text.formats import number, translated
from server.gamification.learner import achievements
from server.gamification.learner.schemas import AchievementView
from storage.database.engine import Database
from storage.database.tables import UserAchievement, UserStats, XpTransaction
from storage.messages import N_

FRESH = timedelta(minutes=2)  # after which XP is no longer told as just earned


class Celebration(msgspec.Struct, frozen=True, kw_only=True):
    """What to show now. The texts are empty when there is nothing to show."""

    message: str  # as in "+250 XP · First Steps"
    level_message: str  # as in "You have reached level 1."
    xp: int  # earned just now, after `since`
    cursor: str  # `since` of the next request: XP that was shown is not shown again
    level: int
    level_up: bool
    achievements: list[AchievementView]  # not celebrated before

    @property
    def told(self) -> str:
        """Both texts as one."""
        return " · ".join(text for text in (self.message, self.level_message) if text)


async def is_waiting(session: AsyncSession, user_id: str) -> bool:
    """Step: whether something was not celebrated yet."""
    return bool(await session.scalar(select(_waiting(user_id))))


async def take(
    database: Database, user_id: str, now: datetime, since: str = "", xp: int | None = None
) -> Celebration:
    """Use case: mark as celebrated what was not, and return it. What was taken once is never returned again.

    `xp`: what the caller has just earned; without it what was written after `since`, the `cursor` of the last
    answer, and happened in the last minutes.
    """
    unlocked: Sequence[str] = ()
    level: int | None = None
    async with database.read() as session:
        waiting = await is_waiting(session, user_id)
    if waiting:  # else no request of a page takes the only writer
        async with database.write() as session:
            unlocked, level = await _mark(session, user_id, now)
    async with database.read() as session:
        earned = await _fresh(session, user_id, since, now - FRESH) if xp is None else xp
        return await _told(session, user_id, unlocked, level, earned)


def _waiting(user_id: str) -> ColumnElement[bool]:
    held = exists().where(UserAchievement.user_id == user_id, UserAchievement.celebrated_at.is_(None))
    level = exists().where(UserStats.user_id == user_id, UserStats.level > UserStats.celebrated_level)
    return or_(held, level)


async def _mark(session: AsyncSession, user_id: str, now: datetime) -> tuple[Sequence[str], int | None]:
    """By conditional updates: of two devices that ask at once, the second waits and finds nothing left."""
    found = await session.scalars(
        update(UserAchievement)
        .where(UserAchievement.user_id == user_id, UserAchievement.celebrated_at.is_(None))
        .values(celebrated_at=now)
        .returning(UserAchievement.achievement_id)
        .execution_options(synchronize_session=False)
    )
    unlocked = found.all()
    level = await session.scalar(
        update(UserStats)
        .where(UserStats.user_id == user_id, UserStats.level > UserStats.celebrated_level)
        .values(celebrated_level=UserStats.level)
        .returning(UserStats.level)
        .execution_options(synchronize_session=False)
    )
    return unlocked, level


async def _fresh(session: AsyncSession, user_id: str, since: str, after: datetime) -> int:
    fresh = select(func.sum(XpTransaction.amount)).where(
        XpTransaction.user_id == user_id, XpTransaction.id > since, XpTransaction.at >= after
    )
    return int(await session.scalar(fresh) or 0)


async def _told(
    session: AsyncSession, user_id: str, unlocked: Sequence[str], level: int | None, xp: int
) -> Celebration:
    shown = await achievements.of_person(session, user_id, unlocked) if unlocked else []
    stats = await session.get(UserStats, user_id)
    last = select(func.max(XpTransaction.id)).where(XpTransaction.user_id == user_id)
    texts = [translated(N_("+%(xp)s XP")) % {"xp": number(xp)}] if xp > 0 else []
    reached = translated(N_("You have reached level %(level)s."))
    return Celebration(
        message=" · ".join([*texts, *(one.name for one in shown)]),
        level_message=reached % {"level": number(level)} if level else "",
        xp=xp,
        cursor=await session.scalar(last) or "",
        level=stats.level if stats else 0,
        level_up=bool(level),
        achievements=shown,
    )
