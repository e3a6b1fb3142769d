"""Job slots of one worker process, and the loop that claims jobs."""

import asyncio
from collections import Counter

import structlog

from transcoder.jobs import claiming
from transcoder.jobs.leases import Claim
from transcoder.worker import pipeline
from transcoder.worker.context import DATABASE_ERRORS, JobLease, WorkerContext

log = structlog.get_logger(__name__)

MAX_JOBS = {"chunk": 1, "audio": 2}  # a chunk takes memory, long audio takes time


class JobSlots:
    """Slots by kind of job, so that long audio jobs leave slots free for new uploads."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    async def claim(self, context: WorkerContext, queue: str) -> Claim | None:
        """Claim the next job for which a slot is free, and take the slot."""
        async with self._lock:
            full = [kind for kind, most in MAX_JOBS.items() if self._taken[kind] >= most]
            claim = await claiming.claim_next(
                context.database,
                queue,
                context.worker,
                context.now(),
                context.timing,
                without=full,
                short=context.encodes_short,
            )
            if claim is not None:
                self._taken[claim.kind] += 1
        return claim

    def release(self, kind: str) -> None:
        self._taken[kind] -= 1


async def work(context: WorkerContext, queue: str, slots: JobSlots) -> None:
    """Run jobs of the queue until none is due. Cancelling requeues the current ones.

    The next job starts when the previous one's encoder has ended: the previous one is stored
    meanwhile, and no core is idle. At most one job is stored at a time, because the store may be slower
    than the encoder.
    """
    storing: asyncio.Task[None] | None = None
    async with asyncio.TaskGroup() as jobs:
        while True:
            claim = await _next(context, queue, slots, storing)
            if claim is None and storing is None:
                return
            job = None
            if claim is not None:
                lease = JobLease(context, claim)
                job = jobs.create_task(_run(lease))
                try:
                    await lease.encoded.wait()
                finally:
                    slots.release(claim.kind)
            if storing is not None:
                await asyncio.wait((storing,))
            storing = job


async def _next(
    context: WorkerContext, queue: str, slots: JobSlots, storing: asyncio.Task[None] | None
) -> Claim | None:
    """Next claim; None when the database is unreachable while a job is stored, so that storing ends first."""
    try:
        return await slots.claim(context, queue)
    except DATABASE_ERRORS as error:
        if storing is None:
            raise
        log.warning("next job not claimed", error=str(error))
        return None


async def _run(lease: JobLease) -> None:
    claim = lease.claim
    with structlog.contextvars.bound_contextvars(
        video=claim.video_id, job=claim.id, kind=claim.kind, number=claim.number, attempt=claim.fence
    ):
        try:
            await pipeline.run_job(lease)
        finally:
            lease.encoded.set()
