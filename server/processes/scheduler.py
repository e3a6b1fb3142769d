"""The scheduler: every few seconds, what was left lying is picked up. Any number may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from server.accounts.signing_in import sessions
from server.core import signing_keys
from server.core.clock import SystemClock
from server.core.logging import configure_logging
from server.services import Services, services
from server.settings import Settings
from server.uploads.context import UploadContext
from server.uploads.sweep import sweep as sweep_uploads
from storage import deletions
from transcoder.jobs.sweeper import sweep as sweep_jobs

log = structlog.get_logger(__name__)

JOBS_EVERY = 10.0  # seconds; a killed worker's lease of 40 s ends within 60
UPLOADS_EVERY = 60.0
OBJECTS_EVERY = 10.0
ACCOUNTS_EVERY = 600.0


def run(settings: Settings) -> None:
    """Blocks until SIGTERM or SIGINT."""
    configure_logging(settings.log_level, settings.log_format)
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with services(settings) as opened:
        chores = (
            _every(JOBS_EVERY, "jobs", lambda: _jobs(opened)),
            _every(UPLOADS_EVERY, "uploads", lambda: _uploads(opened)),
            _every(OBJECTS_EVERY, "objects", lambda: _objects(opened)),
            _every(ACCOUNTS_EVERY, "accounts", lambda: _accounts(opened)),
        )
        running = [asyncio.create_task(chore) for chore in chores]
        await asked.wait()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _every(seconds: float, what: str, chore: Callable[[], Awaitable[object]]) -> None:
    """A round that fails is told and tried again: the database or the queue may be away for a while."""
    while True:
        try:
            await chore()
        except Exception as failure:
            log.warning(f"the round over {what} failed", error=f"{type(failure).__name__}: {failure}")
        await asyncio.sleep(seconds)


async def _jobs(opened: Services) -> None:
    swept = await sweep_jobs(opened.database, opened.queue, SystemClock().now())
    if any(msgspec.structs.astuple(swept)):
        log.info("jobs picked up", **msgspec.structs.asdict(swept))


async def _uploads(opened: Services) -> None:
    context = UploadContext.of(opened)
    swept = await sweep_uploads(context, SystemClock().now())
    if any(msgspec.structs.astuple(swept)):
        log.info("uploads picked up", **msgspec.structs.asdict(swept))


async def _objects(opened: Services) -> None:
    """What a finished, cancelled or deleted revision has no use for."""
    if emptied := await deletions.purge_due(opened.database, opened.store, SystemClock().now()):
        log.info("objects removed", places=emptied)


async def _accounts(opened: Services) -> None:
    """Sessions that have ended, keys that have signed for long enough."""
    now = SystemClock().now()
    await sessions.sweep(opened.database, now)
    await signing_keys.renew(opened.database, now)
