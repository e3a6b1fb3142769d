"""What follows from the year: daily figures, boards, challenges, celebrations, and the last entry."""

from sqlalchemy import func, select, update

from server.analytics.rollups import checking, tasks
from server.analytics.rules import Range, later
from server.core.clock import Clock
from server.demo import state
from server.gamification.boards.rebuild import rebuild
from server.gamification.boards.tasks import delete_ended
from server.gamification.teams.challenges.tasks import count_challenges
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import (
    EncodingEvent,
    PlatformAnalytics,
    UserAchievement,
    UserStats,
)
from storage.states import EncodingKind


async def compute(services: Services, clock: Clock) -> int:
    """Use case: figures, boards and challenges; how many figures differ from the facts. Safe to run twice."""
    database, now = services.database, clock.now()
    days = await tasks.backfill(database, None, now)
    await _measure_storage(database, days)
    await delete_ended(database, now)
    await rebuild(database, now)
    await count_challenges(services, now, now)
    await _celebrate(database)
    async with database.read() as session:
        first, current = await tasks.first_day(session), await tasks.today(session, now)
    check = await checking.verify(database, Range(first or current, later(current, -1)), clock)
    return check.found


async def _measure_storage(database: Database, days: tuple[str, ...]) -> None:
    """Storage of the days that are over, as it would have been measured then."""
    async with database.write() as session:
        event = EncodingEvent
        stored = select(event.day, func.sum(event.bytes)).where(event.kind != EncodingKind.FAILED)
        by_day = {day: int(size or 0) for day, size in await session.execute(stored.group_by(event.day))}
        total, row = 0, PlatformAnalytics
        for day in days:
            total += by_day.pop(day, 0)
            await session.execute(update(row).where(row.day == day).values(storage_bytes=total))


async def _celebrate(database: Database) -> None:
    """Nothing of the past year is celebrated when somebody signs in."""
    held, stats = UserAchievement, UserStats
    async with database.write() as session:
        await session.execute(
            update(held).where(held.celebrated_at.is_(None)).values(celebrated_at=held.unlocked_at)
        )
        await session.execute(update(stats).values(celebrated_level=stats.level))


async def finish(database: Database, people: int, clock: Clock) -> None:
    async with database.write() as session:
        await state.mark(session, state.DONE, people, clock.now())
