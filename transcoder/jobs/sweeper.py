"""Sweeper: recovery from dead workers, lost messages and crashes between two statements."""

import asyncio
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError
from sqlalchemy import Row, and_, delete, exists, or_, select, update

from storage.database.engine import Database
from storage.database.tables import Job, Video, WorkerRow
from storage.states import JobState, RevisionState
from transcoder.jobs import api as jobs
from transcoder.jobs import claiming, revisions
from transcoder.jobs.queue import Queue
from transcoder.jobs.timing import MAX_ATTEMPTS, SHORTEST_DEADLINE, Timing, deadline

log = structlog.get_logger(__name__)

WAKES_AT_ONCE = 16  # an awakened worker runs all due jobs, so a few messages are enough
STANDARD = Timing()


class Swept(msgspec.Struct, frozen=True):
    requeued: int  # jobs whose lease had expired
    failed: int  # jobs without attempts left: their revision failed
    woken: int  # wake-up messages sent
    finishing: int  # finish jobs created for a worker that died before creating them
    workers_deleted: int


async def sweep(database: Database, queue: Queue, now: datetime, timing: Timing = STANDARD) -> Swept:
    """Single sweep. Safe to run concurrently and while the queue is unreachable."""
    worker_gone = now - timedelta(seconds=timing.worker_gone)
    if await _is_idle(database, worker_gone, now + timing.beyond):
        return Swept(requeued=0, failed=0, woken=0, finishing=0, workers_deleted=0)
    await _clip_future(database, now, timing)
    await _revoke_overdue(database, now)
    requeued, failed = await _requeue_expired(database, now)
    finishing = await _create_finish_jobs(database, now)
    gone = await _delete_stale_workers(database, worker_gone)
    woken = await _wake_waiting(database, queue, now, timedelta(seconds=timing.rewake))
    return Swept(requeued=requeued, failed=failed, woken=woken, finishing=finishing, workers_deleted=gone)


async def extend_leases(database: Database, now: datetime, timing: Timing = STANDARD) -> int:
    """Give the holders of expired leases another one, when nobody could renew them: the database took no
    writes, or the clock went ahead. Returns their number."""
    async with database.write() as session:
        extended = await session.scalars(
            update(Job)
            .where(Job.state == JobState.RUNNING, Job.lease_until < now)
            .values(lease_until=now + timedelta(seconds=timing.lease))
            .returning(Job.id)
        )
        return len(extended.all())


async def _is_idle(database: Database, worker_gone: datetime, beyond: datetime) -> bool:
    """Whether a sweep would find nothing, by one read: most of them, on a machine that encodes nothing."""
    something = select(
        or_(
            exists().where(Job.state.in_((JobState.WAITING, JobState.RUNNING))),
            exists().where(or_(Video.state == RevisionState.ENCODING, Video.mending.is_not(None))),
            exists().where(or_(WorkerRow.heartbeat_at < worker_gone, WorkerRow.heartbeat_at > beyond)),
        )
    )
    async with database.read() as session:
        return not await session.scalar(something)


async def _clip_future(database: Database, now: datetime, timing: Timing) -> None:
    """Bring moments back to now that only a clock which has been set back since can have written. Otherwise
    waiting jobs would stand still, and a dead worker count as alive, until that moment comes again. A worker
    that lives renews its lease and its heartbeat long before they end."""
    beyond = now + timing.beyond
    lease = now + timedelta(seconds=timing.lease)
    running, waiting = Job.state == JobState.RUNNING, Job.state == JobState.WAITING
    async with database.write() as session:
        await session.execute(update(Job).where(running, Job.lease_until > beyond).values(lease_until=lease))
        await session.execute(update(Job).where(waiting, Job.queued_at > beyond).values(queued_at=now))
        await session.execute(
            update(WorkerRow).where(WorkerRow.heartbeat_at > beyond).values(heartbeat_at=now)
        )


async def _requeue_expired(database: Database, now: datetime) -> tuple[int, int]:
    """Requeue jobs with an expired lease, due at once; fail those without attempts left."""
    async with database.read() as session:
        expired = list(
            await session.scalars(select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now))
        )
    failed = requeued = 0
    for job in expired:
        if job.attempts >= MAX_ATTEMPTS:
            failed += await claiming.fail_exhausted(database, job, now)
        else:
            requeued += await _requeue(database, job, now)
    return requeued, failed


async def _requeue(database: Database, job: Job, now: datetime) -> bool:
    """Requeue unless the lease was renewed meanwhile; backdated, so that its wake-up is due at once."""
    log.warning("lease expired", job=job.id, video=job.video_id, worker=job.worker)
    async with database.write() as session:
        requeued = await session.scalar(
            update(Job)
            .where(
                Job.id == job.id, Job.fence == job.fence, Job.state == JobState.RUNNING, Job.lease_until < now
            )
            .values(state=JobState.WAITING, worker=None, lease_until=None, queued_at=now - timedelta(days=1))
            .returning(Job.id)
        )
    return requeued is not None


async def _revoke_overdue(database: Database, now: datetime) -> None:
    """Revoke jobs beyond twice their deadline: a hung worker renews the lease but never stops itself."""
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
            .where(Job.state == JobState.RUNNING, Job.started_at < now - SHORTEST_DEADLINE)
        )
        overdue = [
            row for row in running if row.started_at < now - 2 * deadline(row.duration, row.source_bytes)
        ]
    for row in overdue:
        async with database.write() as session:
            await session.execute(
                update(Job)
                .where(Job.id == row.id, Job.fence == row.fence, Job.state == JobState.RUNNING)
                .values(fence=Job.fence + 1, lease_until=now - timedelta(seconds=1))
            )


async def _create_finish_jobs(database: Database, now: datetime) -> int:
    """Create the missing finish job of revisions whose parts are all done."""
    unfinished = exists().where(Job.video_id == Video.id, Job.state != JobState.DONE)
    encoded = and_(Video.state == RevisionState.ENCODING, ~unfinished)
    created = 0
    async with database.read() as session:
        candidates = list(
            await session.scalars(select(Video.id).where(or_(encoded, Video.mending.is_not(None))))
        )
    for video_id in candidates:
        async with database.write() as session:
            video = await revisions.lock(session, video_id)
            if video is not None and await revisions.finish_job_if_due(session, video, now):
                created += 1
    return created


async def _delete_stale_workers(database: Database, before: datetime) -> int:
    async with database.write() as session:
        gone = await session.scalars(
            delete(WorkerRow).where(WorkerRow.heartbeat_at < before).returning(WorkerRow.id)
        )
        return len(gone.all())


async def _wake_waiting(database: Database, queue: Queue, now: datetime, age: timedelta) -> int:
    """Wake up jobs that wait while their queue is empty: the message, or the worker that took it, was lost.

    Nothing is sent while the queue holds messages, so a long queue does not grow further.
    """
    async with database.read() as session:
        waiting = (await session.execute(_waiting_since(now - age))).all()
    woken = 0
    for name, rows in groupby(waiting, key=lambda row: str(row.queue)):
        try:
            if await asyncio.to_thread(queue.length, name):
                continue
        except RedisError as error:
            log.warning("queue unreachable", error=str(error))
            return woken
        woken += await _send(database, queue, list(rows)[:WAKES_AT_ONCE], now)
    return woken


def _waiting_since(moment: datetime) -> Any:
    return (
        select(Job.id, Job.queue)
        .join(Video, Video.id == Job.video_id)
        .where(Job.state == JobState.WAITING, Job.queued_at < moment, revisions.has_work())
        .order_by(Job.queue, Video.id, Job.number)
    )


async def _send(database: Database, queue: Queue, rows: list[Row[Any]], now: datetime) -> int:
    if not await jobs.wake(queue, rows):
        return 0
    async with database.write() as session:
        await session.execute(
            update(Job)
            .where(Job.id.in_([row.id for row in rows]), Job.state == JobState.WAITING)
            .values(queued_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(rows)
