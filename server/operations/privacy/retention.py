"""Retention a kind of data: what has reached its limit, and the daily task that deletes it in steps.

Before facts of analytics go, their days are computed, and sealed in the transaction that deletes the first of
them: they are never computed again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec
import structlog
from sqlalchemy import ColumnElement, delete, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.rules import TOKEN_LIFETIME
from server.analytics.rollups import marking
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.collecting import collect
from server.analytics.rollups.tasks import today
from server.core.audit.recording import record
from server.core.clock import local_noon
from server.institution import service as institution
from server.operations.privacy import rules
from server.services import Services
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import (
    AnalyticsDay,
    ApiToken,
    AuditEntry,
    LearningEvent,
    RetentionLimit,
    VideoAnalytics,
    WatchDay,
)
from storage.messages import N_, Message, message
from storage.states.privacy import AuditAction, RetentionKind

LOT = 1000  # rows of one transaction
BUDGET_SECONDS = 300.0  # of one night; the next one goes on

log = structlog.get_logger()


class Cutoff(msgspec.Struct, frozen=True):
    """Data of days before `day` has reached its limit."""

    day: str  # local day
    at: datetime  # its noon, for what has a moment instead of a day: half a day later than the day begins


class Part(msgspec.Struct, frozen=True):
    """Rows of one table that a limit reaches."""

    table: Any
    reached: Callable[[Cutoff], ColumnElement[bool]]
    day: Any = None  # column with the local day, of facts that figures are computed from


PARTS: Mapping[RetentionKind, tuple[Part, ...]] = {
    RetentionKind.SESSIONS: (
        Part(VideoAnalytics, lambda limit: VideoAnalytics.last_at < limit.at),
        # A day of a session that is still there would be noted again.
        Part(
            WatchDay,
            lambda limit: (
                (WatchDay.day < limit.day) & ~exists().where(VideoAnalytics.id == WatchDay.session_id)
            ),
            WatchDay.day,
        ),
    ),
    RetentionKind.FACTS: (
        Part(
            LearningEvent,
            lambda limit: LearningEvent.kind.in_(rules.DELETABLE) & (LearningEvent.local_day < limit.day),
            LearningEvent.local_day,
        ),
    ),
    RetentionKind.AUDIT: (Part(AuditEntry, lambda limit: AuditEntry.at < limit.at),),
    RetentionKind.TOKENS: (
        Part(
            ApiToken,
            lambda limit: or_(
                ApiToken.revoked_at < limit.at, ApiToken.created_at < limit.at - TOKEN_LIFETIME
            ),
        ),
    ),
}


async def limits(session: AsyncSession) -> dict[RetentionKind, int]:
    """Step: months by kind, of those that are not kept for ever."""
    rows = await session.execute(select(RetentionLimit.kind, RetentionLimit.months))
    return {kind: months for kind, months in rows}  # noqa: C416 - typed


async def save(
    database: Database, wanted: Mapping[RetentionKind, int | None], now: datetime, *, by: str | None
) -> None:
    """Use case: set the limits. Idempotent."""
    async with database.write() as session:
        for kind, months in wanted.items():
            before = (await limits(session)).get(kind)
            if months == before:
                continue
            await session.execute(delete(RetentionLimit).where(RetentionLimit.kind == kind))
            if months is not None:
                await insert_new(session, RetentionLimit, kind=kind, months=months, changed_at=now)
            data = {"kind": kind, "before": before, "after": months}
            await record(session, by, AuditAction.RETENTION_CHANGED, now, data=data)


async def reached(
    session: AsyncSession, wanted: Mapping[RetentionKind, int | None], now: datetime
) -> dict[RetentionKind, int]:
    """Step: how many rows these limits would delete."""
    found = dict.fromkeys(RetentionKind, 0)
    for kind, months in wanted.items():
        if months is None:
            continue
        limit = await cutoff(session, months, now)
        for part in PARTS[kind]:
            if part.table is WatchDay:  # goes with its sessions; what people see is their number
                continue
            chosen = select(func.count()).select_from(part.table).where(part.reached(limit))
            found[kind] += await session.scalar(chosen) or 0
    return found


async def cutoff(session: AsyncSession, months: int, now: datetime) -> Cutoff:
    """Step."""
    place = await institution.shown(session)
    day = rules.months_before(await today(session, now), months)
    return Cutoff(day, local_noon(day, place.time_zone, place.day_start_hour))


async def run(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task: delete what has reached its limit. Safe to run twice."""
    gone = await apply(services.database, now)
    total = sum(gone.values())
    return message(N_("Deleted: %(count)s"), count=total) if total else None


async def apply(database: Database, now: datetime) -> dict[RetentionKind, int]:
    """Use case: numbers of deleted rows by kind."""
    until = monotonic() + BUDGET_SECONDS
    gone: dict[RetentionKind, int] = {}
    async with database.read() as session:
        wanted = await limits(session)
    if RetentionKind.SESSIONS in wanted:
        await collect(database, now)  # their seconds, before the sessions are gone
    for kind, months in wanted.items():
        async with database.read() as session:
            limit = await cutoff(session, months, now)
        for part in PARTS[kind]:
            if part.day is not None:
                await _compute_days(database, part, limit, now)
            gone[kind] = gone.get(kind, 0) + await _delete(database, part, limit, now, until)
    if any(gone.values()):
        log.info("retention", **{str(kind): count for kind, count in gone.items()})
        async with database.write() as session:
            data = {str(kind): count for kind, count in gone.items() if count}
            await record(session, None, AuditAction.RETENTION_APPLIED, now, data=data)
    return gone


async def _compute_days(database: Database, part: Part, limit: Cutoff, now: datetime) -> None:
    """Figures of the days whose facts are about to go, where they are not up to date."""
    row = AnalyticsDay
    done = or_(row.sealed_at.is_not(None), (row.computed > 0) & (row.computed == row.generation))
    current = exists().where(row.day == part.day, done)
    async with database.read() as session:
        days = await session.scalars(select(part.day).where(part.reached(limit), ~current).distinct())
        missing = sorted(days)
        day = await today(session, now)
    await aggregate(database, missing, day, now)


async def _delete(database: Database, part: Part, limit: Cutoff, now: datetime, until: float) -> int:
    key = [getattr(part.table, one.key) for one in part.table.__table__.primary_key]
    count = 0
    while monotonic() < until:
        async with database.write() as session:
            if part.day is not None:
                await marking.seal_before(session, limit.day, now)
            lot = select(*key).where(part.reached(limit)).limit(LOT)
            gone = delete(part.table).where(tuple_(*key).in_(lot)).returning(key[0])
            found = len((await session.execute(gone.execution_options(synchronize_session=False))).all())
        count += found
        if found < LOT:
            break
    return count
