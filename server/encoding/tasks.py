"""Scheduled tasks of encoding and of the object store."""

from datetime import datetime, timedelta

import msgspec
import structlog

from server.services import Services
from storage import deletions
from storage.messages import N_, Message, message
from transcoder.jobs.pruning import prune
from transcoder.jobs.sweeper import STANDARD, extend_leases, sweep

log = structlog.get_logger(__name__)

# Of a sweep. What kept it from its row kept workers from renewing their leases, and must cost no attempt.
LATE = timedelta(seconds=STANDARD.lease / 2)


async def sweep_jobs(services: Services, slot: datetime, now: datetime) -> Message | None:
    """Requeue jobs of dead workers, send lost wake-up messages again, finish forgotten revisions."""
    if now - slot > LATE and (extended := await extend_leases(services.database, now)):
        log.warning("leases extended", jobs=extended, sweep_late_by=str(now - slot))
    swept = msgspec.structs.asdict(await sweep(services.database, services.queue, now))
    if not any(swept.values()):
        return None
    log.info("jobs swept", **swept)
    return message(N_("Put back: %(count)s"), count=sum(swept.values()))


async def purge_objects(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Delete objects that finished, cancelled and deleted revisions no longer need."""
    purged = await deletions.purge_due(services.database, services.store, now)
    if not purged:
        return None
    log.info("objects deleted", places=purged)
    return message(N_("Places emptied: %(count)s"), count=purged)


async def prune_jobs(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Delete the job rows of revisions that finished long ago."""
    deleted = await prune(services.database, now)
    return message(N_("Records deleted: %(count)s"), count=deleted) if deleted else None
