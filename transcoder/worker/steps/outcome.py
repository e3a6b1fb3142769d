"""Publication of a part's result and its effects on the revision."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Job, Lesson, Video
from storage.states import RevisionState
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.media import Part
from transcoder.worker.context import JobLease, WorkerContext, with_retries


async def complete(context: WorkerContext, lease: JobLease, result: Any) -> None:
    """Publish a finished chunk or audio job; the last one creates the finish job."""
    claim = lease.claim

    async def write() -> Job | None:
        now = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.complete(session, claim, result, now, lease.digests)
            await revisions.show_if_playable(session, video, now)
            await _tell_progress(session, video)
            return await revisions.finish_job_if_due(session, video, now)

    finish = await with_retries(write)
    if finish is not None:
        await jobs.wake(context.queue, [finish])


async def publish_more(context: WorkerContext, claim: Claim, result: Any) -> None:
    """Publish the partial result of a running job."""

    async def write() -> None:
        now: datetime = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.store_result(session, claim, result)
            await revisions.show_if_playable(session, video, now)

    await with_retries(write)


async def _tell_progress(session: AsyncSession, video: Video) -> None:
    if video.state == RevisionState.READY:  # parts of it are made again
        return
    lesson = await session.get(Lesson, video.lesson_id)
    if lesson is not None and lesson.transcoding_job_id == video.id:
        lesson.transcoding_progress = await revisions.percent_done(session, video.id)


async def requeue_lost(context: WorkerContext, claim: Claim, lost: Collection[Part]) -> None:
    """Requeue the parts whose objects the store lost, and delete this finish job."""

    async def write() -> Sequence[Job]:
        now = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.delete_job(session, claim)
            return await revisions.requeue_parts(session, video, lost, now)

    await jobs.wake(context.queue, await with_retries(write))
