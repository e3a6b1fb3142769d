"""Puts right what a dead worker, a lost queue or a crash between two lines has left."""

import asyncio
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError
from sqlalchemy import Row, delete, exists, select, update

from storage.database.engine import Database
from storage.database.tables import Job, Video, WorkerRow
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions
from transcoder.jobs.queue import Queue
from transcoder.jobs.timing import MAX_ATTEMPTS, SHORTEST_DEADLINE, Timing, deadline

log = structlog.get_logger(__name__)

WAKES_AT_ONCE = 16  # a worker that is woken does every job that is due, so a few hints are enough
STANDARD = Timing()


class Swept(msgspec.Struct, frozen=True):
    taken_back: int  # jobs whose worker let the lease run out
    given_up: int  # of these: for good
    hinted: int
    finishing: int  # revisions whose last worker died before it could make the finish job
    workers_gone: int


async def sweep(database: Database, queue: Queue, now: datetime, timing: Timing = STANDARD) -> Swept:
    """One round. Any number may run beside each other; the queue may be away."""
    await _end_overdue(database, now)
    taken_back, given_up = await _take_back(database, now)
    finishing = await _finish_forgotten(database, now)
    gone = await _drop_gone_workers(database, now - timedelta(seconds=timing.worker_gone))
    hinted = await _wake_forgotten(database, queue, now, timedelta(seconds=timing.rehint))
    return Swept(
        taken_back=taken_back, given_up=given_up, hinted=hinted, finishing=finishing, workers_gone=gone
    )


async def _take_back(database: Database, now: datetime) -> tuple[int, int]:
    """Jobs whose lease has run out wait again, due at once, or have used up their attempts."""
    async with database.read() as session:
        expired = list(
            await session.scalars(select(Job).where(Job.state == "running", Job.lease_until < now))
        )
    given_up = taken_back = 0
    for job in expired:
        if job.attempts >= MAX_ATTEMPTS:
            given_up += await leases.give_up(database, job, now)
        else:
            taken_back += await _wait_again(database, job, now)
    return taken_back, given_up


async def _wait_again(database: Database, job: Job, now: datetime) -> bool:
    """Not if its worker has renewed the lease meanwhile. The hint is due at once: hence the old date."""
    log.warning("a worker let its lease run out", job=job.id, video=job.video_id, worker=job.worker)
    async with database.write() as session:
        taken = await session.scalar(
            update(Job)
            .where(Job.id == job.id, Job.fence == job.fence, Job.state == "running", Job.lease_until < now)
            .values(state="waiting", worker=None, lease_until=None, queued_at=now - timedelta(days=1))
            .returning(Job.id)
        )
    return taken is not None


async def _end_overdue(database: Database, now: datetime) -> None:
    """Workers keep their own deadline; one that renews for ever without coming to an end does not."""
    async with database.read() as session:
        running = await session.execute(
            select(
                Job.id,
                Job.fence,
                Job.started_at,
                Video.plan["duration"].as_float().label("duration"),
                Video.source_bytes,
            )
            .join(Video, Video.id == Job.video_id)
            .where(Job.state == "running", Job.started_at < now - SHORTEST_DEADLINE)
        )
        overdue = [
            row for row in running if row.started_at < now - 2 * deadline(row.duration, row.source_bytes)
        ]
    for row in overdue:
        async with database.write() as session:
            await session.execute(
                update(Job)
                .where(Job.id == row.id, Job.fence == row.fence, Job.state == "running")
                .values(fence=Job.fence + 1, lease_until=now - timedelta(seconds=1))
            )


async def _finish_forgotten(database: Database, now: datetime) -> int:
    """Revisions whose parts are all done and that have no finish job."""
    unfinished = exists().where(Job.video_id == Video.id, Job.state != "done")
    made = 0
    async with database.read() as session:
        candidates = list(
            await session.scalars(select(Video.id).where(Video.state == "encoding", ~unfinished))
        )
    for video_id in candidates:
        async with database.write() as session:
            video = await revisions.lock(session, video_id)
            if video is not None and await revisions.finish_job_if_due(session, video, now):
                made += 1
    return made


async def _drop_gone_workers(database: Database, before: datetime) -> int:
    async with database.write() as session:
        gone = await session.scalars(
            delete(WorkerRow).where(WorkerRow.heartbeat_at < before).returning(WorkerRow.id)
        )
        return len(gone.all())


async def _wake_forgotten(database: Database, queue: Queue, now: datetime, age: timedelta) -> int:
    """Jobs that wait while their queue is empty: the hint was lost, or a worker stopped after taking it.

    Nothing is sent while there are hints in the queue, so an honest long queue stays as it is.
    """
    async with database.read() as session:
        forgotten = (await session.execute(_waiting_since(now - age))).all()
    hinted = 0
    for name, rows in groupby(forgotten, key=lambda row: str(row.queue)):
        try:
            if await asyncio.to_thread(queue.length, name):
                continue
        except RedisError as error:
            log.warning("the queue cannot be reached", error=str(error))
            return hinted
        hinted += await _hint(database, queue, list(rows)[:WAKES_AT_ONCE], now)
    return hinted


def _waiting_since(moment: datetime) -> Any:
    return (
        select(Job.id, Job.queue)
        .join(Video, Video.id == Job.video_id)
        .where(Job.state == "waiting", Job.queued_at < moment, Video.state.in_(revisions.ACTIVE))
        .order_by(Job.queue, Video.id, Job.number)
    )


async def _hint(database: Database, queue: Queue, rows: list[Row[Any]], now: datetime) -> int:
    if not await jobs.wake(queue, rows):
        return 0
    async with database.write() as session:
        await session.execute(
            update(Job)
            .where(Job.id.in_([row.id for row in rows]), Job.state == "waiting")
            .values(queued_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(rows)
