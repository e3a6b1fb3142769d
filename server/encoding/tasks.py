"""Scheduled tasks of encoding and of the object store."""

from datetime import datetime

import msgspec
import structlog

from server.core.clock import SystemClock
from server.services import Services
from storage import deletions
from transcoder.jobs.pruning import prune
from transcoder.jobs.sweeper import sweep

log = structlog.get_logger(__name__)


async def sweep_jobs(services: Services, _slot: datetime) -> str | None:
    """Requeue jobs of dead workers, send lost wake-up messages again, finish forgotten revisions."""
    swept = msgspec.structs.asdict(await sweep(services.database, services.queue, SystemClock().now()))
    if not any(swept.values()):
        return None
    log.info("jobs swept", **swept)
    return ", ".join(f"{name} {count}" for name, count in swept.items() if count)


async def purge_objects(services: Services, _slot: datetime) -> str | None:
    """Delete objects that finished, cancelled and deleted revisions no longer need."""
    purged = await deletions.purge_due(services.database, services.store, SystemClock().now())
    if not purged:
        return None
    log.info("objects deleted", places=purged)
    return f"places {purged}"


async def prune_jobs(services: Services, _slot: datetime) -> str | None:
    """Delete the job rows of revisions that finished long ago."""
    deleted = await prune(services.database, SystemClock().now())
    return f"jobs {deleted}" if deleted else None
