"""Hosts that take uploads: their addresses, and when each last showed a sign of life."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.schedule import host_row_name
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Host, ScheduledTask, Upload

log = structlog.get_logger()

SWEEP = "uploads"  # name of the per-host task
SILENT = timedelta(minutes=5)  # without a sign of life; the sweep starts every minute
ANNOUNCE_SECONDS = 60.0


async def announce(database: Database, host: str, address: str) -> None:
    """Write where other hosts' servers reach this one; its server runs, so it is not silent."""
    async with database.write() as session:
        await insert_new(session, Host, name=host, silent_looks=0)
        await session.execute(update(Host).where(Host.name == host).values(address=address, silent_looks=0))


async def keep_announced(database: Database, host: str, address: str, stopping: asyncio.Event) -> None:
    """Announce every minute until `stopping` is set."""
    while not stopping.is_set():
        try:
            await announce(database, host, address)
        except Exception as failure:  # the database may be unreachable for a while
            log.warning("host not announced", host=host, reason=str(failure))
        with suppress(TimeoutError):
            async with asyncio.timeout(ANNOUNCE_SECONDS):
                await stopping.wait()


async def address_of(database: Database, host: str) -> str | None:
    async with database.read() as session:
        found: str | None = await session.scalar(select(Host.address).where(Host.name == host))
    return found


async def last_signs(session: AsyncSession, hosts: Collection[str]) -> dict[str, datetime]:
    """Last sign of life of each host that ever gave one: its sweep was started, its sweep's lease was
    renewed, or an upload was created on it. The last covers a host whose sweep never ran."""
    signs: dict[str, datetime] = {}
    created = select(Upload.host, func.max(Upload.created_at)).where(Upload.host.in_(hosts))
    for host, moment in (await session.execute(created.group_by(Upload.host))).all():
        signs[host or ""] = moment
    rows = {host_row_name(SWEEP, host): host for host in hosts}
    for row in await session.scalars(select(ScheduledTask).where(ScheduledTask.name.in_(rows))):
        host = rows[row.name]
        moments = [signs.get(host), row.last_started, row.lease_until]
        if known := [moment for moment in moments if moment is not None]:
            signs[host] = max(known)
    return signs
