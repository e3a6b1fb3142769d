"""Public operations on a revision: submit, cancel, retry. All are idempotent."""

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
from storage.database.trouble import again
from storage.messages import N_, MessageError
from storage.objects.store import ObjectStore, StoreError
from storage.states import JobKind, JobState, OriginalState, RevisionState, VideoStatus
from transcoder.jobs import originals, revisions
from transcoder.jobs.queue import Queue

log = structlog.get_logger(__name__)


class QueuedJob(Protocol):
    """Job row, partial row or claim that can be queued."""

    @property
    def id(self) -> str: ...
    @property
    def queue(self) -> str: ...


class NotPossible(MessageError):
    """Operation refused, with a message that says what to do instead."""


async def submit(
    database: Database,
    queue: Queue,
    *,
    lesson_id: str,
    source_key: str,
    filename: str,
    source_bytes: int,
    submitted_by: str | None = None,
    now: datetime,
) -> Video:
    """New revision of the lesson's video from a stored original.

    Submitting the same `source_key` again returns the same revision. An unreachable queue is no error:
    the sweeper sends the wake-up message later. Raises NotPossible when the lesson does not exist.
    """
    video = Video(
        id=new_id(),
        lesson_id=lesson_id,
        source_key=source_key,
        filename=filename,
        source_bytes=source_bytes,
        submitted_by=submitted_by,
        created_at=now,
    )
    try:
        async with database.write() as session:
            kept, job = await _submit(session, video, now)
    except IntegrityError:  # the same object was submitted concurrently (PostgreSQL)
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
        raise NotPossible(N_("This lesson no longer exists."))
    job = revisions.first_job(video, now)
    session.add(video)
    await session.flush()  # inserts the video before the job that references it
    session.add(job)
    # The object was scheduled for deletion while no row referenced it; now this revision does.
    await session.execute(delete(ObjectDeletion).where(ObjectDeletion.prefix == video.source_key))
    lesson.video_status, lesson.transcoding_job_id, lesson.transcoding_progress = (
        VideoStatus.PROCESSING,
        video.id,
        0,
    )
    if lesson.video_id is None:
        lesson.video_original_url = video.source_key
    return video, job


@again
async def cancel(database: Database, store: ObjectStore, video_id: str, now: datetime) -> None:
    """Cancel a revision and delete its objects, the original included.

    A running worker notices within seconds. No effect on a revision that is ready or cancelled.
    """
    async with database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None or video.state in (RevisionState.READY, RevisionState.CANCELLED):
            return
        await revisions.cancel(session, video, now)
    await database.sync()  # else a power cut could undo the cancelling but not the deletion
    try:  # now as far as possible; what a late worker adds is covered by the scheduled deletion
        prefix, original = revisions.stored_prefixes(video)
        await store.delete_prefix(prefix)
        await store.delete(original)
    except StoreError as error:
        log.warning("deletion of cancelled video deferred", video=video_id, error=str(error))


@again
async def retry(database: Database, queue: Queue, video_id: str, now: datetime) -> None:
    """Resume a failed revision from its finished chunks.

    No effect on a revision that is active or ready. Raises NotPossible when there is nothing to
    resume from, also for a ready one whose original was removed.
    """
    async with database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None:
            raise NotPossible(N_("This video no longer exists. Upload the file again."))
        if video.state == RevisionState.READY:
            await _require_original(session, video_id)
        if video.state == RevisionState.READY or video.state in revisions.ACTIVE:
            return
        if video.state == RevisionState.CANCELLED or await is_unusable(session, video_id):
            raise NotPossible(N_("The file was not kept. Upload it again."))
        jobs = await _reset(session, video, now)
    await wake(queue, jobs)


async def _require_original(session: AsyncSession, video_id: str) -> None:
    removal = await originals.removal_of(session, video_id)
    if removal is not None and removal.state == OriginalState.REMOVED:
        raise NotPossible(
            N_("The original was removed on %(day)s. Upload the file again to have it encoded again."),
            day=removal.changed_at.date().isoformat(),
        )


async def is_unusable(session: AsyncSession, video_id: str) -> bool:
    """Whether the original was rejected as unusable, and so was not kept."""
    result = await session.scalar(
        select(Job.result).where(Job.video_id == video_id, Job.kind == JobKind.PREPARE)
    )
    return bool(result and result.get("unusable"))


async def _reset(session: AsyncSession, video: Video, now: datetime) -> list[Job]:
    await session.execute(
        update(Job)
        .where(Job.video_id == video.id, Job.state.in_((JobState.FAILED, JobState.CANCELLED)))
        .values(state=JobState.WAITING, attempts=0, error=None, progress=0.0, queued_at=now, finished_at=None)
        .execution_options(synchronize_session=False)
    )
    jobs = list(
        await session.scalars(
            select(Job).where(Job.video_id == video.id, Job.state == JobState.WAITING).order_by(Job.number)
        )
    )
    video.error = video.finished_at = None
    finishing = any(job.kind == JobKind.FINISH for job in jobs)
    video.state = (
        RevisionState.FINISHING
        if finishing
        else RevisionState.ENCODING
        if video.plan
        else RevisionState.WAITING
    )
    lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
    if lesson is not None and lesson.transcoding_job_id == video.id:
        lesson.video_status = VideoStatus.PROCESSING
    await revisions.show_if_playable(session, video, now)
    return jobs


async def wake(queue: Queue, jobs: Sequence[QueuedJob], delay_seconds: float = 0.0) -> bool:
    """Send a wake-up message per job. False when the queue is unreachable: the rows are authoritative."""

    def send() -> None:
        for job in jobs:
            queue.wake(job.queue, job.id, delay_seconds)

    try:
        await asyncio.to_thread(send)
    except RedisError as error:
        log.warning("queue unreachable, wake-up deferred to the sweeper", error=str(error))
        return False
    return True
