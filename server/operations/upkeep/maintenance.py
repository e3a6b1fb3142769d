"""Maintenance mode: a row that every process of every machine reads.

Learners and instructors get a 503 with the operators' message; administrators go on. Nothing ends it
by itself: the expected end is a promise to people, not a timer.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import record
from server.institution import service as institution
from server.operations.upkeep import rules
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import OperatorSettings
from storage.states.privacy import AuditAction

log = structlog.get_logger(__name__)

FRESH_SECONDS = 1.0  # for which a process answers from what it last read


class Notice(msgspec.Struct, frozen=True):
    since: datetime
    until: datetime | None  # expected end
    message: str  # empty: the default
    time_zone: str  # of the institution


async def current(session: AsyncSession) -> Notice | None:
    """Step: None when the server is not being maintained."""
    row = await session.get(OperatorSettings, 1)
    if row is None or row.maintenance_since is None:
        return None
    zone = (await institution.shown(session)).time_zone
    return Notice(row.maintenance_since, row.maintenance_until, row.maintenance_message, zone)


async def turn_on(
    database: Database, text: str, until: str, now: datetime, *, by: str | None = None
) -> Notice:
    """Use case, safe to repeat: a second call changes message and end. Raises Invalid."""
    said = rules.clean_message(text)
    async with database.write() as session:
        zone = (await institution.shown(session)).time_zone
        end = rules.clean_until(until, zone, now)
        await insert_new(session, OperatorSettings, id=1, maintenance_message="")
        row = await session.get_one(OperatorSettings, 1, with_for_update=True, populate_existing=True)
        row.maintenance_since = row.maintenance_since or now
        row.maintenance_until, row.maintenance_message = end, said
        await record(session, by, AuditAction.MAINTENANCE_ON, now)
        return Notice(row.maintenance_since, end, said, zone)


async def turn_off(database: Database, now: datetime, *, by: str | None = None) -> None:
    """Use case. Waiting jobs start within half a minute: the sweeper wakes their workers."""
    async with database.write() as session:
        ended = await session.scalar(
            update(OperatorSettings)
            .where(OperatorSettings.maintenance_since.is_not(None))
            .values(maintenance_since=None, maintenance_until=None, maintenance_message="")
            .returning(OperatorSettings.id)
        )
        if ended is not None:
            await record(session, by, AuditAction.MAINTENANCE_OFF, now)


class MaintenanceState:
    """What the row says, read at most once a second and process, and only while requests come."""

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database, self._monotonic = database, monotonic
        self._lock = asyncio.Lock()
        self._fresh_until = float("-inf")
        self._notice: Notice | None = None

    async def notice(self) -> Notice | None:
        """While the database cannot be read, what was known before: handlers report it better."""
        if self._monotonic() < self._fresh_until:
            return self._notice
        if self._lock.locked() and self._fresh_until > float("-inf"):
            return self._notice  # another request reads it at this moment
        async with self._lock:
            if self._monotonic() >= self._fresh_until:
                try:
                    async with self._database.read() as session:
                        self._notice = await current(session)
                except Exception as failure:
                    log.warning("maintenance not read", error=f"{type(failure).__name__}: {failure}")
                self._fresh_until = self._monotonic() + FRESH_SECONDS
            return self._notice

    def forget(self) -> None:
        """Read again at the next request: this process has just changed it."""
        self._fresh_until = float("-inf")
