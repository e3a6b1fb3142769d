"""What people ask of the pipeline: start, cancel, try again. Each is safe to ask twice."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog
from redis.exceptions import RedisError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Job, Lesson, ObjectDeletion, Video
from storage.objects.store import ObjectStore, StoreError
from transcoder.jobs import revisions
from transcoder.jobs.queue import Queue

log = structlog.get_logger(__name__)


class QueuedJob(Protocol):
    """A job's row, a part of it, or a claim."""

    @property
    def id(self) -> str: ...
    @property
    def queue(self) -> str: ...


class NotPossible(Exception):
    """`str()` is a sentence that says what to do instead."""


async def submit(
    database: Database,
    queue: Queue,
    *,
    lesson_id: str,
    source_key: str,
    filename: str,
    source_bytes: int,
    now: datetime,
) -> Video:
    """Start a revision of the lesson's video from a stored original.

    The same `source_key` is the same revision, however often it is submitted. The queue being
    away is no error: the sweeper sends the hint later. Raises NotPossible when the lesson is gone.
    """
    video = Video(
        id=new_id(),
        lesson_id=lesson_id,
        source_key=source_key,
        filename=filename,
        source_bytes=source_bytes,
        created_at=now,
    )
    try:
        async with database.write() as session:
            kept, job = await _submit(session, video, now)
    except IntegrityError:  # somebody submitted the same object at the same moment (PostgreSQL)
        async with database.read() as session:
            return (await session.scalars(select(Video).where(Video.source_key == source_key))).one()
    if job is not None:
        await wake(queue, [job])
    return kept


async def _submit(session: AsyncSession, video: Video, now: datetime) -> tuple[Video, Job | None]:
    known = await session.scalar(select(Video).where(Video.source_key == video.source_key))
    if known is not None:
        return known, None
    lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
    if lesson is None:
        raise NotPossible("This lesson is no longer there.")
    job = revisions.first_job(video, now)
    session.add(video)
    await session.flush()  # the job's foreign key needs it first
    session.add(job)
    # The bytes were marked while nothing named them; from this transaction on the revision does.
    await session.execute(delete(ObjectDeletion).where(ObjectDeletion.prefix == video.source_key))
    lesson.video_status, lesson.transcoding_job_id, lesson.transcoding_progress = "processing", video.id, 0
    if lesson.video_id is None:
        lesson.video_original_url = video.source_key
    return video, job


async def cancel(database: Database, store: ObjectStore, video_id: str, now: datetime) -> None:
    """Stop the work on a revision and remove what it left, original included.

    A running worker notices within seconds, wherever it is. Nothing happens to a revision that
    is ready or cancelled already.
    """
    async with database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None or video.state in ("ready", "cancelled"):
            return
        await revisions.cancel(session, video, now)
    await database.sync()  # or a power cut takes the cancelling back, and not the removal
    try:  # at once as far as possible; what a late worker adds goes with the marked deletion
        prefix, original = revisions.leftovers(video)
        await store.delete_prefix(prefix)
        await store.delete(original)
    except StoreError as error:
        log.warning("objects of a cancelled video are left to the sweeper", video=video_id, error=str(error))


async def retry(database: Database, queue: Queue, video_id: str, now: datetime) -> None:
    """Take a failed revision up again from its finished chunks.

    Nothing happens to one that is at work or ready. Raises NotPossible when there is nothing to
    resume from.
    """
    async with database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None:
            raise NotPossible("This video is no longer there. Upload the file again.")
        if video.state == "ready" or video.state in revisions.ACTIVE:
            return
        if video.state == "cancelled" or await is_unusable(session, video_id):
            raise NotPossible("The file was not kept. Upload it again.")
        jobs = await _reset(session, video, now)
    await wake(queue, jobs)


async def is_unusable(session: AsyncSession, video_id: str) -> bool:
    """Whether the original was found to be no lecture, and so was not kept."""
    result = await session.scalar(select(Job.result).where(Job.video_id == video_id, Job.kind == "prepare"))
    return bool(result and result.get("unusable"))


async def _reset(session: AsyncSession, video: Video, now: datetime) -> list[Job]:
    await session.execute(
        update(Job)
        .where(Job.video_id == video.id, Job.state.in_(("failed", "cancelled")))
        .values(state="waiting", attempts=0, error=None, progress=0.0, queued_at=now, finished_at=None)
        .execution_options(synchronize_session=False)
    )
    jobs = list(
        await session.scalars(
            select(Job).where(Job.video_id == video.id, Job.state == "waiting").order_by(Job.number)
        )
    )
    video.error = video.finished_at = None
    finishing = any(job.kind == "finish" for job in jobs)
    video.state = "finishing" if finishing else "encoding" if video.plan else "waiting"
    lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
    if lesson is not None and lesson.transcoding_job_id == video.id:
        lesson.video_status = "processing"
    await revisions.show_if_playable(session, video, now)
    return jobs


async def wake(queue: Queue, jobs: Sequence[QueuedJob], delay_seconds: float = 0.0) -> bool:
    """Tell the workers. Never raises for a queue that is away: the rows are the truth."""

    def send() -> None:
        for job in jobs:
            queue.wake(job.queue, job.id, delay_seconds)

    try:
        await asyncio.to_thread(send)
    except RedisError as error:
        log.warning("the queue cannot be reached; the sweeper will send the hint", error=str(error))
        return False
    return True
