"""Scheduled task of analytics: note local days, then compute what is dirty, in bounded steps."""

from datetime import datetime
from time import monotonic

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.rollups import marking
from server.analytics.rollups.aggregating import SPAN, aggregate
from server.analytics.rollups.collecting import collect, collect_since
from server.analytics.rules import Range, later
from server.core.clock import local_day
from server.institution import service as institution
from server.learning.milestones import catch_up
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    AnalyticsDay,
    EncodingEvent,
    LearningEvent,
    User,
    WatchDay,
)
from storage.messages import N_, Message, message

BUDGET_SECONDS = 20.0  # of one run; what is left is computed by the next ones


async def today(session: AsyncSession, now: datetime) -> str:
    """Step: local day of the institution."""
    place = await institution.shown(session)
    return local_day(now, place.time_zone, place.day_start_hour).isoformat()


async def run(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Safe to run twice, and beside others."""
    await collect(services.database, now)
    done = await compute_dirty(services.database, now, BUDGET_SECONDS)
    return message(N_("Days computed: %(count)s"), count=done) if done else None


async def compute_dirty(database: Database, now: datetime, budget: float) -> int:
    """Use case: compute days that are over and dirty or have no row, the newest first; how many. Not much
    longer than `budget` seconds."""
    began, done, tried = monotonic(), 0, set[str]()
    async with database.read() as session:
        current = await today(session, now)
    await _add_missing(database, current)
    while monotonic() - began < budget:
        async with database.read() as session:
            dirty = [day for day in await _dirty(session, current) if day not in tried][:SPAN]
        if not dirty:
            break
        tried.update(dirty)
        done += len((await aggregate(database, dirty, current, now)).computed)
    return done


async def _dirty(session: AsyncSession, current: str) -> list[str]:
    row = AnalyticsDay
    wanted = select(row.day).where(row.day < current, row.generation > row.computed, row.sealed_at.is_(None))
    return list(await session.scalars(wanted.order_by(row.day.desc())))


async def _add_missing(database: Database, current: str) -> None:
    """Rows of days without facts since the first fact, and of the coming day."""
    async with database.read() as session:
        first = await first_day(session) or current
        known = set(await session.scalars(select(AnalyticsDay.day).where(AnalyticsDay.day >= first)))
    days = {*Range(first, current).days, later(current, 1)}
    if days - known:
        async with database.write() as session:
            await marking.ensure(session, days - known)


async def first_day(session: AsyncSession) -> str | None:
    """Step: the first local day that anything is known of."""
    columns = (LearningEvent.local_day, ActivityDay.day, WatchDay.day, EncodingEvent.day, User.created_day)
    firsts = [await session.scalar(select(func.min(column))) for column in columns]
    return min((day for day in firsts if day), default=None)


async def backfill(database: Database, days: Range | None, now: datetime) -> tuple[str, ...]:
    """Use case: keep what older versions have not kept, and compute the days of the range, or all of them."""
    await catch_up(database)
    await collect_since(database, None)
    async with database.read() as session:
        current = await today(session, now)
        first = await first_day(session)
    if days is None and first is None:
        return ()
    wanted = days or Range(first or current, current)
    return (await aggregate(database, wanted.days, current, now)).computed
