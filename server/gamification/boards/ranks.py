"""Places on the leaderboards: standard competition ranks, a person's neighbours, the top. Steps."""

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import LeaderboardCount, LeaderboardRow
from storage.states import Timeframe

NEIGHBOURS = 2  # above and below


class Place(msgspec.Struct, frozen=True, kw_only=True):
    rank: int
    user_id: str | None  # None: the person hides their name
    name: str | None
    xp: int
    level: int | None  # of all their XP; None: hidden
    own: bool


async def rank(session: AsyncSession, timeframe: Timeframe, period: str, user_id: str) -> int | None:
    """One more than the people with more XP; None without XP, and for staff."""
    xp = await session.scalar(
        select(LeaderboardRow.xp).filter_by(timeframe=timeframe, period=period, user_id=user_id)
    )
    return None if xp is None else await rank_of(session, timeframe, period, xp)


async def rank_of(session: AsyncSession, timeframe: Timeframe, period: str, xp: int) -> int:
    higher = select(func.sum(LeaderboardCount.people)).filter_by(timeframe=timeframe, period=period)
    return 1 + (await session.scalar(higher.where(LeaderboardCount.xp > xp)) or 0)


async def people(session: AsyncSession, timeframe: Timeframe, period: str) -> int:
    """How many are on the board."""
    counted = select(func.sum(LeaderboardCount.people)).filter_by(timeframe=timeframe, period=period)
    return await session.scalar(counted) or 0
