"""State transitions of a revision. Each function runs inside its caller's transaction.

Every change locks the revision's row first, so that on PostgreSQL two workers that finish the
last two chunks concurrently see each other. Lock order everywhere: video, job, lesson.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import deletions
from storage.database.tables import Job, Lesson, Video
from storage.messages import N_, Message
from storage.objects import keys
from storage.states import JobKind, JobState, RevisionState, VideoStatus
from transcoder.jobs.queue import QUICK, TRANSCODE
from transcoder.jobs.timing import PAUSE_ALLOWANCE
from transcoder.media import Mending
from transcoder.source import failures

ACTIVE = ("waiting", "encoding", "finishing")  # states with jobs left
HLS_URL = "/v/{}/master.m3u8"  # without the path token, which the server adds
POSTER_URL = f"/v/{{}}/{keys.POSTER}"


def has_work() -> ColumnElement[bool]:
    """Condition on revisions whose jobs are served: also ready ones, while parts of them are made again."""
    return or_(Video.state.in_(ACTIVE), Video.mending.is_not(None))


async def lock(session: AsyncSession, video_id: str) -> Video | None:
    """Revision row, locked until the end of the transaction."""
    return await session.scalar(
        select(Video).where(Video.id == video_id).with_for_update().execution_options(populate_existing=True)
    )


async def is_playable(session: AsyncSession, video: Video) -> bool:
    """Whether chunk 0 is done and the first audio is published, as far as the lecture has them."""
    rows = await session.execute(
        select(Job.kind, Job.state, Job.result).where(
            Job.video_id == video.id,
            (Job.kind == JobKind.AUDIO) | ((Job.kind == JobKind.CHUNK) & (Job.number == 0)),
        )
    )
    begun = [
        row.state == JobState.DONE if row.kind == JobKind.CHUNK else bool((row.result or {}).get("part"))
        for row in rows
    ]
    return bool(begun) and all(begun)


async def show_if_playable(session: AsyncSession, video: Video, now: datetime) -> None:
    """Publish the lesson's first revision while it is encoded; a later one only when it is ready."""
    if video.playable_at is None and await is_playable(session, video):
        video.playable_at = now
        lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
        if lesson is not None and lesson.video_id is None:
            _show(lesson, video)


def _show(lesson: Lesson, video: Video) -> None:
    lesson.video_id = video.id
    lesson.video_hls_url = HLS_URL.format(video.id)
    lesson.video_duration_seconds = (video.plan or {}).get("duration")


async def finish_job_if_due(session: AsyncSession, video: Video, now: datetime) -> Job | None:
    """Finish job, created once all other jobs are done; None when not due or already created."""
    if video.mending is not None:
        return await _finish_mending(session, video, now)
    if video.state != RevisionState.ENCODING:
        return None
    unfinished = await session.scalar(
        select(func.count()).select_from(Job).where(Job.video_id == video.id, Job.state != JobState.DONE)
    )
    there = await session.scalar(select(Job.id).where(Job.video_id == video.id, Job.kind == JobKind.FINISH))
    if unfinished or there:
        return None
    job = Job(video_id=video.id, kind=JobKind.FINISH, queue=TRANSCODE, queued_at=now)
    session.add(job)
    video.state = RevisionState.FINISHING
    return job


async def _finish_mending(session: AsyncSession, video: Video, now: datetime) -> Job | None:
    """Finish job of a ready revision once the parts that are made again are done: the row of its first one,
    while that is kept."""
    mending = msgspec.convert(video.mending, Mending)
    own = select(Job).where(Job.video_id == video.id).execution_options(populate_existing=True)
    rows = list(await session.scalars(own))
    done = {(row.kind, row.number) for row in rows if row.state == JobState.DONE}
    finish = next((row for row in rows if row.kind == JobKind.FINISH), None)
    if not done.issuperset(mending.parts) or (
        finish and finish.state in (JobState.WAITING, JobState.RUNNING)
    ):
        return None
    if finish is None:
        finish = Job(video_id=video.id, kind=JobKind.FINISH, queue=TRANSCODE, queued_at=now)
        session.add(finish)
    put_back(finish, now)
    return finish


def put_back(job: Job, now: datetime) -> None:
    """Make a job that has ended wait again, with all of its attempts."""
    job.state, job.attempts, job.error, job.progress, job.speed = JobState.WAITING, 0, None, 0.0, None
    job.queued_at, job.finished_at, job.worker, job.lease_until = now, None, None, None


async def requeue_parts(
    session: AsyncSession, video: Video, parts: Collection[tuple[str, int]], now: datetime
) -> list[Job]:
    """Requeue finished parts (kind and number) of a revision, with their remaining attempts."""
    done = await session.scalars(select(Job).where(Job.video_id == video.id, Job.state == JobState.DONE))
    again = [job for job in done if (job.kind, job.number) in parts]
    for job in again:
        job.state, job.progress, job.queued_at, job.finished_at = JobState.WAITING, 0.0, now, None
        job.error = Message(N_("Its output was no longer in the object store."))
    if video.mending is None:
        video.state = RevisionState.ENCODING
    return again


async def discard_results(session: AsyncSession, video: Video, now: datetime) -> None:
    """Discard the results of all parts, so that a retry encodes each of them again."""
    await session.execute(
        update(Job)
        .where(Job.video_id == video.id, Job.kind.in_((JobKind.CHUNK, JobKind.AUDIO)))
        .values(state=JobState.FAILED, result=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def percent_done(session: AsyncSession, video_id: str) -> int:
    """Percentage of finished jobs; plus one for the finish job, which has no row yet."""
    counts = select(func.count().filter(Job.state == JobState.DONE), func.count()).where(
        Job.video_id == video_id
    )
    done, parts = (await session.execute(counts)).one()
    return min(99, 100 * done // (parts + 1))


def first_job(video: Video, now: datetime) -> Job:
    return Job(video_id=video.id, kind=JobKind.PREPARE, queue=QUICK, queued_at=now)


async def fail(session: AsyncSession, video: Video, told: Message, now: datetime) -> None:
    """Fail the revision and stop its jobs; finished chunks stay for a retry. A ready one stays ready."""
    if video.mending is not None:
        video.mending, video.damage = None, failures.not_mended(told)
        return await _stop_jobs(session, video, now)
    if video.state not in ACTIVE:
        return
    video.state, video.error, video.finished_at = RevisionState.FAILED, told, now
    await _stop_jobs(session, video, now)
    await _hide(session, video, status=VideoStatus.FAILED)


async def cancel(session: AsyncSession, video: Video, now: datetime) -> None:
    """Cancel the revision, stop its jobs and schedule all of its objects for deletion."""
    video.state, video.finished_at = RevisionState.CANCELLED, now
    await _stop_jobs(session, video, now)
    await _hide(session, video, status=None)
    await discard(session, video, now)


async def discard(session: AsyncSession, video: Video, now: datetime) -> None:
    """Schedule all objects of the revision for deletion, after late workers have noticed."""
    await deletions.schedule(session, stored_prefixes(video), now + deletions.GRACE)


def stored_prefixes(video: Video) -> tuple[str, str]:
    return keys.video(video.id), video.source_key


async def publish(
    session: AsyncSession, video: Video, variants: Sequence[dict[str, Any]], *, poster: bool, now: datetime
) -> None:
    """Make it the lesson's current revision; earlier ones are deleted later."""
    earlier = select(Video).where(
        Video.lesson_id == video.lesson_id, Video.id < video.id, Video.state != RevisionState.CANCELLED
    )
    older = list(await session.scalars(earlier.order_by(Video.id).with_for_update()))
    video.state, video.error, video.finished_at = RevisionState.READY, None, now
    video.playable_at = video.playable_at or now
    video.published = await _published_document(session, video.id)
    video.digests = await _digests(session, video.id)
    lesson = await session.get_one(Lesson, video.lesson_id, with_for_update=True)
    _show(lesson, video)
    lesson.video_original_url = video.source_key
    lesson.video_thumbnail_url = POSTER_URL.format(video.id) if poster else None
    lesson.video_quality_variants = list(variants)
    if lesson.transcoding_job_id == video.id:
        lesson.video_status, lesson.transcoding_progress = VideoStatus.READY, 100
    for revision in older:
        await _supersede(session, revision, now)


async def _published_document(session: AsyncSession, video_id: str) -> dict[str, Any]:
    """JSON of `transcoder.media.PublishedVideo`, so that playback does not need the job rows."""
    rows = await session.execute(
        select(Job.kind, Job.result)
        .where(
            Job.video_id == video_id,
            Job.kind.in_((JobKind.CHUNK, JobKind.AUDIO)),
            Job.state == JobState.DONE,
        )
        .order_by(Job.number)
    )
    done = rows.all()
    return {
        "chunks": [row.result for row in done if row.kind == JobKind.CHUNK],
        "audio": next((row.result for row in done if row.kind == JobKind.AUDIO), None),
    }


async def _digests(session: AsyncSession, video_id: str) -> dict[str, Any]:
    """Digests of what the jobs have stored, without the intermediate files."""
    rows = await session.scalars(
        select(Job.digests).where(Job.video_id == video_id, Job.state == JobState.DONE)
    )
    intermediate = keys.path_in_video(keys.tiles(video_id))
    return {
        path: digest
        for digests in rows
        for path, digest in (digests or {}).items()
        if not path.startswith(intermediate)
    }


async def _supersede(session: AsyncSession, older: Video, now: datetime) -> None:
    """Delete an older revision once playback of it has ended; cancel an unfinished one now."""
    if older.state != RevisionState.READY:
        return await cancel(session, older, now)
    if older.mending is not None:
        older.mending = None
        await _stop_jobs(session, older, now)
    await deletions.schedule(session, stored_prefixes(older), now + _token_lifetime(older))


def _token_lifetime(video: Video) -> timedelta:
    """Longest validity of a path token for the video: its expiry is rounded up to the hour."""
    duration = timedelta(seconds=(video.plan or {}).get("duration", 0.0))
    return duration + PAUSE_ALLOWANCE + timedelta(hours=1)


async def _stop_jobs(session: AsyncSession, video: Video, now: datetime) -> None:
    await session.execute(
        update(Job)
        .where(Job.video_id == video.id, Job.state.in_((JobState.WAITING, JobState.RUNNING)))
        .values(state=JobState.CANCELLED, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def _hide(session: AsyncSession, video: Video, status: VideoStatus | None) -> None:
    """Remove the revision from its lesson, which follows another active revision or none."""
    video.playable_at = None
    lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
    if lesson is None:
        return
    if lesson.video_id == video.id:
        lesson.video_id = lesson.video_hls_url = lesson.video_duration_seconds = None
    if lesson.transcoding_job_id == video.id:
        lesson.video_status = VideoStatus.READY if lesson.video_id else status
        lesson.transcoding_progress = 100 if lesson.video_id else 0
        if status is None:  # cancelled; a failed revision stays followed, because it shows its reason
            lesson.transcoding_job_id = lesson.video_id or video.id
        await _follow_newest_active(session, lesson)


async def _follow_newest_active(session: AsyncSession, lesson: Lesson) -> None:
    """Follow the newest active revision again, so that its progress is shown and it can be cancelled.

    The lesson is locked before the other revisions are read: a transaction that ends one of them
    has committed already, or waits for the lesson and then finds it followed.
    """
    other = await session.scalar(
        select(Video)
        .where(Video.lesson_id == lesson.id, Video.state.in_(ACTIVE))
        .order_by(Video.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if other is None:
        return
    lesson.transcoding_job_id, lesson.video_status = other.id, VideoStatus.PROCESSING
    lesson.transcoding_progress = await percent_done(session, other.id)
    if lesson.video_id is None and other.playable_at is not None:
        _show(lesson, other)
