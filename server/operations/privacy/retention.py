"""Retention a kind of data: what has reached its limit, and the daily task that deletes it in steps.

Before facts of analytics go, their days are computed, and sealed in the transaction that deletes the first of
them: they are never computed again.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec
import structlog
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.rules import TOKEN_LIFETIME
from server.analytics.rollups import marking
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.collecting import collect
from server.analytics.rollups.tasks import today
from server.core.audit.recording import record
from server.core.clock import local_noon
from server.institution import service as institution
from server.operations.privacy import rules, sessions
from server.operations.privacy.rules import Cutoff
from server.services import Services
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import (
    AnalyticsDay,
    ApiToken,
    AuditEntry,
    LearningEvent,
    RetentionLimit,
)
from storage.messages import N_, Message, message
from storage.states.privacy import AuditAction, RetentionKind

LOT = 1000  # rows of one transaction
BUDGET_SECONDS = 300.0  # of one night; the next one goes on

log = structlog.get_logger()


class Part(msgspec.Struct, frozen=True):
    """What a limit reaches, counted and deleted as the same things."""

    count: Callable[[AsyncSession, Cutoff], Awaitable[int]]
    delete_lot: Callable[[AsyncSession, Cutoff, int], Awaitable[int]]  # fewer than asked for: it was the rest
    # Local days with facts that go and figures are computed from.
    days: Callable[[Cutoff], Select[str]] | None = None


def _rows(table: Any, which: Callable[[Cutoff], ColumnElement[bool]], day: Any = None) -> Part:
    """Rows of one table. `day`: its column with the local day."""
    key = [getattr(table, one.key) for one in table.__table__.primary_key]

    async def count(session: AsyncSession, limit: Cutoff) -> int:
        return await session.scalar(select(func.count()).select_from(table).where(which(limit))) or 0

    async def delete_lot(session: AsyncSession, limit: Cutoff, most: int) -> int:
        lot = select(*key).where(which(limit)).limit(most)
        gone = delete(table).where(tuple_(*key).in_(lot)).returning(key[0])
        return len((await session.execute(gone.execution_options(synchronize_session=False))).all())

    def days(limit: Cutoff) -> Select[str]:
        return select(day).where(which(limit)).distinct()

    return Part(count, delete_lot, None if day is None else days)


PARTS: Mapping[RetentionKind, Part] = {
    RetentionKind.SESSIONS: Part(sessions.reached, sessions.delete_lot, sessions.days),
    RetentionKind.FACTS: _rows(
        LearningEvent,
        lambda limit: LearningEvent.kind.in_(rules.DELETABLE) & (LearningEvent.local_day < limit.day),
        LearningEvent.local_day,
    ),
    RetentionKind.AUDIT: _rows(AuditEntry, lambda limit: AuditEntry.at < limit.at),
    RetentionKind.TOKENS: _rows(
        ApiToken,
        lambda limit: or_(ApiToken.revoked_at < limit.at, ApiToken.created_at < limit.at - TOKEN_LIFETIME),
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
        found[kind] = await PARTS[kind].count(session, await cutoff(session, months, now))
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
        await _compute_days(database, PARTS[kind], limit, now)
        gone[kind] = await _delete(database, kind, limit, now, until)
    if any(gone.values()):
        log.info("retention", **{str(kind): count for kind, count in gone.items()})
        async with database.write() as session:
            data = {str(kind): count for kind, count in gone.items() if count}
            await record(session, None, AuditAction.RETENTION_APPLIED, now, data=data)
    return gone


async def _compute_days(database: Database, part: Part, limit: Cutoff, now: datetime) -> None:
    """Figures of the days whose facts are about to go, where they are not up to date."""
    if part.days is None:
        return
    row = AnalyticsDay
    done = or_(row.sealed_at.is_not(None), (row.computed > 0) & (row.computed == row.generation))
    async with database.read() as session:
        days = set(await session.scalars(part.days(limit)))
        missing = sorted(days - set(await session.scalars(select(row.day).where(done))))
        day = await today(session, now)
    await aggregate(database, missing, day, now)


async def _delete(database: Database, kind: RetentionKind, limit: Cutoff, now: datetime, until: float) -> int:
    part = PARTS[kind]
    count = 0
    while monotonic() < until:
        async with database.write() as session:
            found = await part.delete_lot(session, limit, LOT)
            if part.days is not None and found:
                await marking.seal_before(session, limit.day, kind, now)
        count += found
        if found < LOT:
            break
    return count
