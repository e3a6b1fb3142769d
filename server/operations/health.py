"""Whether a page can be served and a job can run."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic

import msgspec
import structlog
from sqlalchemy import func, select, text

from server.services import Services
from storage.database.tables import WorkerRow
from transcoder.jobs.queue import QUICK, TRANSCODE

log = structlog.get_logger(__name__)

HEARTBEAT_AGE = timedelta(seconds=45)  # workers tell every 10 s; a busy machine may be late
CHECK_SECONDS = 5.0  # seconds a check may take


class Check(msgspec.Struct, frozen=True):
    """`says` names no address and no secret: anybody may read it."""

    ok: bool
    says: str = ""  # what is wrong


class Health:
    """Answers are kept for a while, so that asking often costs nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._gate = asyncio.Lock()
        self._kept: dict[str, tuple[float, Check]] = {}  # name -> good until, check

    async def checks(self, now: datetime) -> dict[str, Check]:
        async with self._gate:
            return {
                "database": await self._check("database", 1, self._database, "The database does not answer."),
                "queue": await self._check("queue", 1, self._queue, "The queue does not answer."),
                "objects": await self._check("objects", 30, self._objects, "The object store does not work."),
                "workers": await self._check("workers", 1, lambda: self._workers(now), ""),
            }

    async def _check(
        self, name: str, seconds: float, ask: Callable[[], Awaitable[str]], on_error: str
    ) -> Check:
        """`ask` gives what is wrong, or raises. A failure is asked again after a second."""
        until, known = self._kept.get(name, (0.0, Check(ok=False)))
        if monotonic() < until:
            return known
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                wrong = await ask()
        except Exception as failure:
            log.warning("a health check failed", check=name, error=f"{type(failure).__name__}: {failure}")
            wrong = on_error or "Nobody knows: the database does not answer."
        found = Check(ok=not wrong, says=wrong)
        self._kept[name] = (monotonic() + (seconds if found.ok else 1), found)
        return found

    async def _database(self) -> str:
        async with self._services.database.read() as session:
            await session.execute(text("SELECT 1"))
        return ""

    async def _queue(self) -> str:
        return "" if await asyncio.to_thread(self._services.queue.ping) else "The queue does not answer."

    async def _objects(self) -> str:
        await self._services.store.check()
        return ""

    async def _workers(self, now: datetime) -> str:
        async with self._services.database.read() as session:
            alive = await session.execute(
                select(WorkerRow.queue, func.count())
                .where(WorkerRow.heartbeat_at > now - HEARTBEAT_AGE)
                .group_by(WorkerRow.queue)
            )
            queues = {queue for queue, _ in alive}
        if missing := sorted({QUICK, TRANSCODE} - queues):
            return f"No worker takes jobs from the queue {' and '.join(missing)}."
        return ""
