"""Readiness checks: whether a page can be served and a job can run."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic

import msgspec
import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from server.services import Services
from storage.database.tables import WorkerRow
from transcoder.jobs.queue import QUICK, TRANSCODE

log = structlog.get_logger(__name__)

HEARTBEAT_AGE = timedelta(seconds=45)  # workers send one every 10 s; a busy machine may be late
CHECK_SECONDS = 5.0  # time limit of a check


class Check(msgspec.Struct, frozen=True):
    """Result of one check. `says` contains no address and no secret, because it is public."""

    ok: bool
    says: str = ""  # what is wrong


class Health:
    """Readiness checks with cached results, so that frequent requests cost nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = asyncio.Lock()
        self._cached: dict[str, tuple[float, Check]] = {}  # name -> valid until, check

    async def checks(self, now: datetime) -> dict[str, Check]:
        async with self._lock:
            return {
                "database": await self._check("database", 1, self._database, "The database does not answer."),
                "queue": await self._check("queue", 1, self._queue, "The queue does not answer."),
                "objects": await self._check("objects", 30, self._objects, "The object store does not work."),
                "workers": await self._check("workers", 1, lambda: self._workers(now), ""),
            }

    async def _check(
        self, name: str, seconds: float, ask: Callable[[], Awaitable[str]], on_error: str
    ) -> Check:
        """`ask` returns what is wrong, or raises. A failure is checked again after a second."""
        until, known = self._cached.get(name, (0.0, Check(ok=False)))
        if monotonic() < until:
            return known
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                wrong = await ask()
        except Exception as failure:
            log.warning("health check failed", check=name, error=f"{type(failure).__name__}: {failure}")
            wrong = on_error or "Unknown: the database does not answer."
        found = Check(ok=not wrong, says=wrong)
        self._cached[name] = (monotonic() + (seconds if found.ok else 1), found)
        return found

    async def _database(self) -> str:
        async with self._services.database.read() as session:
            await session.execute(text("SELECT 1"))
        return ""

    async def _queue(self) -> str:
        return await asyncio.to_thread(self._services.queue.refusal)

    async def _objects(self) -> str:
        await self._services.store.check()
        return ""

    async def _workers(self, now: datetime) -> str:
        async with self._services.database.read() as session:
            missing = await queues_without_workers(session, now)
        return f"No worker takes jobs from the queue {' and '.join(missing)}." if missing else ""


async def queues_without_workers(session: AsyncSession, now: datetime) -> list[str]:
    """Step."""
    alive = select(WorkerRow.queue).where(WorkerRow.heartbeat_at > now - HEARTBEAT_AGE).distinct()
    return sorted({QUICK, TRANSCODE} - set(await session.scalars(alive)))
