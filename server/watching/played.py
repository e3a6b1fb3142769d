"""Seconds that were played, what was played again included: whole ones of each session of the player.

As they are noted for the figures of days (docs/metrics.md). Those of sessions that retention has deleted are
kept as a sum; staff of a course leave none.
"""

from sqlalchemy import ColumnElement, Integer, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import VideoAnalytics, WatchCoverage

WHOLE: ColumnElement[int] = cast(func.floor(VideoAnalytics.watch_seconds), Integer)  # of a session


async def by_person(session: AsyncSession, user_id: str) -> int:
    """Step."""
    return await _added(
        session,
        (VideoAnalytics.user_id == user_id, ~VideoAnalytics.staff),
        (WatchCoverage.user_id == user_id,),
    )


async def of_lesson(session: AsyncSession, lesson_id: str) -> int:
    """Step."""
    return await _added(
        session,
        (VideoAnalytics.lesson_id == lesson_id, ~VideoAnalytics.staff),
        (WatchCoverage.lesson_id == lesson_id,),
    )


async def _added(
    session: AsyncSession, there: tuple[ColumnElement[bool], ...], kept: tuple[ColumnElement[bool], ...]
) -> int:
    sums = (
        select(func.sum(WHOLE)).where(*there),
        select(func.sum(WatchCoverage.kept_seconds)).where(*kept),
    )
    return sum([int(await session.scalar(query) or 0) for query in sums])
