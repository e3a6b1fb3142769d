"""Claiming: which job a worker does next, and the end of jobs whose every attempt died."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.tables import Job, OperatorSettings, Video
from storage.database.trouble import again
from storage.messages import N_, Message, message
from storage.states import JobKind, JobState
from transcoder.jobs import revisions
from transcoder.jobs.leases import Claim
from transcoder.jobs.queue import TRANSCODE
from transcoder.jobs.sharing import backlog
from transcoder.jobs.timing import MAX_ATTEMPTS, Timing
from transcoder.media import Mending, Source
from transcoder.planning.plan import Plan

SKEW = timedelta(seconds=5)  # tolerated clock skew, so that a wake-up for a job queued "in the future" works


@again  # it takes a job before its revision, in another order than all that change an encoding
async def claim_next(
    database: Database,
    queue: str,
    worker: str,
    now: datetime,
    timing: Timing,
    without: Collection[str] = (),
    *,
    short: bool = False,
) -> Claim | None:
    """Claim the next due job of a queue; None when there is none, or while the server is maintained.

    `without`: kinds for which this worker has no free slot. `short`: also any part of a short lecture, which
    so never waits for an encoder to finish its part of a long one.

    Lectures are served in the order of `sharing.in_order`, the parts of each in the order of the
    lecture. A job without attempts left fails its revision instead.
    """
    possible = and_(_due(now), Job.kind.not_in(without))
    own = and_(Job.queue == queue, possible)
    wanted = and_(Job.queue.in_((queue, TRANSCODE)), possible) if short else own
    while True:
        async with database.read() as session:  # most wake-ups find nothing: avoid the write lock
            found = await backlog.in_order(session, now, wanted, own)
        order = [(one.video_id, wanted if one.short else own) for one in found if one.short or one.first]
        if not order:
            return None
        async with database.write() as session:
            job = await _first(session, order, queue)
            if job is None:  # others were faster
                return None
            if job.attempts < MAX_ATTEMPTS:
                return await _start_attempt(session, job, worker, now, timing)
        await fail_exhausted(database, job, now)


async def _first(
    session: AsyncSession, order: Sequence[tuple[str, ColumnElement[bool]]], queue: str
) -> Job | None:
    """First wanted job of the first revision that has one which no other worker is claiming."""
    for video_id, wanted in order:
        job = await session.scalar(
            select(Job)
            .where(Job.video_id == video_id, wanted)
            .order_by(Job.queue != queue, Job.number, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=Job)
        )
        if job is not None:
            return job
    return None


async def due(database: Database, queue: str, now: datetime, limit: int) -> list[Job]:
    """Jobs of the queue that are due, at most `limit`."""
    async with database.read() as session:
        return list(
            await session.scalars(
                select(Job)
                .join(Video, Video.id == Job.video_id)
                .where(Job.queue == queue, revisions.has_work(), _due(now))
                .order_by(Job.id)
                .limit(limit)
            )
        )


async def _start_attempt(
    session: AsyncSession, job: Job, worker: str, now: datetime, timing: Timing
) -> Claim:
    job.state, job.worker = JobState.RUNNING, worker
    job.attempts, job.fence = job.attempts + 1, job.fence + 1
    job.lease_until = now + timedelta(seconds=timing.lease)
    job.started_at, job.finished_at, job.progress, job.speed = now, None, 0.0, None
    video = await session.get_one(Video, job.video_id)
    if video.started_at is None:
        await session.execute(
            update(Video).where(Video.id == video.id, Video.started_at.is_(None)).values(started_at=now)
        )
    return Claim(
        id=job.id,
        queue=job.queue,
        video_id=video.id,
        kind=job.kind,
        number=job.number,
        fence=job.fence,
        attempts=job.attempts,
        source_key=video.source_key,
        source_bytes=video.source_bytes,
        source=msgspec.convert(video.source, Source) if video.source else None,
        plan=msgspec.convert(video.plan, Plan) if video.plan else None,
        result=job.result,
        mending=msgspec.convert(video.mending, Mending) if video.mending else None,
    )


def _due(now: datetime) -> ColumnElement[bool]:
    """Condition on jobs; of none while the server is maintained."""
    return and_(
        ~exists().where(OperatorSettings.maintenance_since.is_not(None)),
        or_(
            and_(Job.state == JobState.WAITING, Job.queued_at <= now + SKEW),
            and_(Job.state == JobState.RUNNING, Job.lease_until < now),
        ),
    )


async def fail_exhausted(database: Database, job: Job, now: datetime) -> bool:
    """Fail the revision of a job all of whose attempts ended with a dead worker."""
    async with database.write() as session:
        video = await revisions.lock(session, job.video_id)
        failed = await session.scalar(
            update(Job)
            .where(
                Job.id == job.id,
                Job.fence == job.fence,
                Job.attempts >= MAX_ATTEMPTS,
                Job.state.in_((JobState.WAITING, JobState.RUNNING)),
            )
            .values(state=JobState.FAILED, finished_at=now)
            .returning(Job.id)
        )
        if failed is None or video is None:
            return False
        await revisions.fail(session, video, _exhausted(job), now)
        return True


def _exhausted(job: Job) -> Message:
    names = {
        JobKind.PREPARE: message(N_("Checking the file")),
        JobKind.AUDIO: message(N_("Encoding the audio")),
        JobKind.CHUNK: message(N_("Encoding part %(number)s"), number=job.number + 1),
        JobKind.FINISH: message(N_("The last step")),
    }
    told = message(
        N_(
            "%(part)s was interrupted %(count)s times, so it was stopped. Press Retry; finished parts "
            "are kept. If it happens again, ask the administrator to look at the workers' log."
        ),
        part=names[job.kind],
        count=MAX_ATTEMPTS,
    )
    if job.error is None:
        return told
    return message(N_("%(told)s The last reason was: %(reason)s"), told=told, reason=job.error)
