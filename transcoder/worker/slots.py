"""How many jobs one process does at once, and when it takes the next."""

import asyncio
from collections import Counter

import structlog

from transcoder.jobs import leases
from transcoder.jobs.leases import Claim
from transcoder.worker import pipeline
from transcoder.worker.context import DATABASE_AWAY, JobLease, WorkerContext

log = structlog.get_logger(__name__)

MAX_JOBS = {"chunk": 1, "audio": 2}  # a chunk takes memory, a long sound takes time


class Places:
    """By kind of job, so that a new upload finds room beside long sound."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._one_by_one = asyncio.Lock()

    async def claim(self, context: WorkerContext, queue: str) -> Claim | None:
        """The next job for which there is a place; the place is taken with it."""
        async with self._one_by_one:
            full = [kind for kind, most in MAX_JOBS.items() if self._taken[kind] >= most]
            claim = await leases.claim_next(
                context.database, queue, context.worker, context.now(), context.timing, without=full
            )
            if claim is not None:
                self._taken[claim.kind] += 1
        return claim

    def give_back(self, kind: str) -> None:
        self._taken[kind] -= 1


async def work(context: WorkerContext, queue: str, places: Places) -> None:
    """Do jobs of this queue until none is due. Cancelling puts the current ones back.

    The next one begins when the encoder of the one before has ended: that one is stored meanwhile,
    and no core is idle. Never more than one is being stored, for the store may be slower than we are.
    """
    storing: asyncio.Task[None] | None = None
    async with asyncio.TaskGroup() as jobs:
        while True:
            claim = await _next(context, queue, places, storing)
            if claim is None and storing is None:
                return
            job = None
            if claim is not None:
                lease = JobLease(context, claim)
                job = jobs.create_task(_do(lease))
                try:
                    await lease.encoded.wait()
                finally:
                    places.give_back(claim.kind)
            if storing is not None:
                await asyncio.wait((storing,))
            storing = job


async def _next(
    context: WorkerContext, queue: str, places: Places, storing: asyncio.Task[None] | None
) -> Claim | None:
    """What is encoded already is stored to its end before a database that is away stops us."""
    try:
        return await places.claim(context, queue)
    except DATABASE_AWAY as error:
        if storing is None:
            raise
        log.warning("the database cannot be asked for the next job", error=str(error))
        return None


async def _do(lease: JobLease) -> None:
    claim = lease.claim
    with structlog.contextvars.bound_contextvars(
        video=claim.video_id, job=claim.id, kind=claim.kind, number=claim.number, attempt=claim.fence
    ):
        try:
            await pipeline.do(lease)
        finally:
            lease.encoded.set()
