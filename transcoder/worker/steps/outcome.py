"""Publication of a part's result and its effects on the revision."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Job, Lesson, Video
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.worker.context import WorkerContext, with_retries


async def complete(context: WorkerContext, claim: Claim, result: Any) -> None:
    """Publish a finished chunk or audio job; the last one creates the finish job."""

    async def write() -> Job | None:
        now = context.now()
        async with context.database.write() as session:
            video = await revisions.lock(session, claim.video_id)
            if video is None:
                raise LeaseLost(claim.id)
            await leases.complete(session, claim, result, now)
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
    lesson = await session.get(Lesson, video.lesson_id)
    if lesson is not None and lesson.transcoding_job_id == video.id:
        lesson.transcoding_progress = await revisions.percent_done(session, video.id)
