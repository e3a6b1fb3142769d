"""Daily rows: computed from the facts, one transaction a day.

Safe to run twice, beside others and beside facts that come in: see `marking`. What dies half way is done
again.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.rollups import marking
from server.analytics.rollups.counting import DayRows, counted, measured_storage
from server.analytics.rules import MONTH_DAYS, Range, later
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import (
    AnalyticsDay,
    CourseAnalytics,
    InstructorAnalytics,
    PlatformAnalytics,
)

SPAN = 31  # days that are read at once


class Aggregated(msgspec.Struct, frozen=True, kw_only=True):
    computed: tuple[str, ...]  # days whose rows were stored
    sealed: tuple[str, ...]  # days whose facts are gone: they stay as they are


async def aggregate(database: Database, days: Iterable[str], today: str, now: datetime) -> Aggregated:
    """Use case: compute these days of the past, whatever their state. Days from `today` on are left out."""
    wanted = sorted({day for day in days if day < today})
    done: list[str] = []
    for lot in _lots(wanted):
        done += await _compute(database, lot, today, now)
    sealed = await _sealed(database, wanted)
    return Aggregated(computed=tuple(done), sealed=tuple(sealed))


def _lots(days: Sequence[str]) -> list[list[str]]:
    """Days that are read together: at most SPAN of them, and none too far from the first."""
    lots: list[list[str]] = []
    for day in days:
        if lots and day < later(lots[-1][0], SPAN):
            lots[-1].append(day)
        else:
            lots.append([day])
    return lots


async def _sealed(database: Database, days: Collection[str]) -> list[str]:
    row = AnalyticsDay
    async with database.read() as session:
        found = select(row.day).where(row.day.in_(days), row.sealed_at.is_not(None)).order_by(row.day)
        return list(await session.scalars(found))


async def _compute(database: Database, days: Sequence[str], today: str, now: datetime) -> list[str]:
    async with database.write() as session:
        claimed = await marking.claim(session, days)
    if not claimed:
        return []
    async with database.read() as session:
        rows = await counted(session, Range(min(claimed), max(claimed)))
        storage = await measured_storage(session) if later(today, -1) in claimed else None
    done = []
    for day in sorted(claimed):
        async with database.write() as session:
            await advisory_lock(session, marking.lock_name(day))  # first, and in the order of days, as claims
            if await marking.computed(session, day, claimed[day], now):
                await _store(session, day, rows[day], storage if day == later(today, -1) else None)
                done.append(day)
    return done


async def _store(session: AsyncSession, day: str, rows: DayRows, storage: int | None) -> None:
    """Step: replace the rows of a day. What was measured stays; days after it count its people, too."""
    before = await session.get(PlatformAnalytics, day)
    if before is not None:
        storage = before.storage_bytes if before.storage_bytes is not None else storage
        if before.active_people != rows.platform["active_people"]:
            await _mark_after(session, day)
    for table in (PlatformAnalytics, CourseAnalytics, InstructorAnalytics):
        await session.execute(delete(table).where(table.day == day))
    await _insert(session, PlatformAnalytics, [{"day": day, "storage_bytes": storage, **rows.platform}])
    courses = [
        {"day": day, "course_id": course_id, "taught_by": rows.taught_by[course_id], **figures}
        for course_id, figures in sorted(rows.courses.items())
    ]
    await _insert(session, CourseAnalytics, courses)
    instructors = [{"day": day, "user_id": one, **own} for one, own in sorted(rows.instructors.items())]
    await _insert(session, InstructorAnalytics, instructors)


async def _mark_after(session: AsyncSession, day: str) -> None:
    """Mark the computed days whose active people of a week or a month include this day."""
    row = AnalyticsDay
    last = later(day, MONTH_DAYS - 1)
    found = select(row.day).where(row.day > day, row.day <= last, row.computed > 0)
    await marking.mark(session, list(await session.scalars(found)))


async def _insert(session: AsyncSession, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(table.__table__), rows)
