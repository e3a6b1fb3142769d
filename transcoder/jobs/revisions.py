"""What becomes of a revision as a whole. Each function works inside its caller's transaction.

Whoever changes a revision locks its row first, so that on PostgreSQL two workers that end the
last two chunks at once see each other. Order of locks everywhere: video, job, lesson.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import deletions
from storage.database.tables import Job, Lesson, Video
from storage.objects import keys
from transcoder.jobs.queue import QUICK, TRANSCODE

ACTIVE = ("waiting", "encoding", "finishing")  # a revision in one of these has work left
HLS_URL = "/v/{}/master.m3u8"  # without a token: the server adds it
POSTER_URL = f"/v/{{}}/{keys.POSTER}"


async def lock(session: AsyncSession, video_id: str) -> Video | None:
    """The revision's row, ours until the transaction ends."""
    return await session.scalar(
        select(Video).where(Video.id == video_id).with_for_update().execution_options(populate_existing=True)
    )


async def is_playable(session: AsyncSession, video: Video) -> bool:
    """Chunk 0 is in and the sound has begun, as far as the lecture has them."""
    rows = await session.execute(
        select(Job.kind, Job.state, Job.result).where(
            Job.video_id == video.id,
            (Job.kind == "audio") | ((Job.kind == "chunk") & (Job.number == 0)),
        )
    )
    begun = [
        row.state == "done" if row.kind == "chunk" else bool((row.result or {}).get("part")) for row in rows
    ]
    return bool(begun) and all(begun)


async def show_if_playable(session: AsyncSession, video: Video, now: datetime) -> None:
    """A first revision becomes visible while it grows; a later one only when it is ready."""
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
    """The finish job, once everything before it is done; None when it is not due or already there."""
    if video.state != "encoding":
        return None
    unfinished = await session.scalar(
        select(func.count()).select_from(Job).where(Job.video_id == video.id, Job.state != "done")
    )
    there = await session.scalar(select(Job.id).where(Job.video_id == video.id, Job.kind == "finish"))
    if unfinished or there:
        return None
    job = Job(video_id=video.id, kind="finish", queue=TRANSCODE, queued_at=now)
    session.add(job)
    video.state = "finishing"
    return job


async def reopen(
    session: AsyncSession, video: Video, parts: Collection[tuple[str, int]], now: datetime
) -> list[Job]:
    """Have parts (kind and number) of a revision made again, with the attempts that they have left."""
    done = await session.scalars(select(Job).where(Job.video_id == video.id, Job.state == "done"))
    again = [job for job in done if (job.kind, job.number) in parts]
    for job in again:
        job.state, job.progress, job.queued_at, job.finished_at = "waiting", 0.0, now, None
        job.error = "What it had made was not in the object store any more."
    video.state = "encoding"
    return again


async def spoil(session: AsyncSession, video: Video, now: datetime) -> None:
    """No finished part counts any more, so that a retry makes each of them again."""
    await session.execute(
        update(Job)
        .where(Job.video_id == video.id, Job.kind.in_(("chunk", "audio")))
        .values(state="failed", result=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def percent_done(session: AsyncSession, video_id: str) -> int:
    """By parts; the one more is the last step, which has no row yet."""
    counts = select(func.count().filter(Job.state == "done"), func.count()).where(Job.video_id == video_id)
    done, parts = (await session.execute(counts)).one()
    return min(99, 100 * done // (parts + 1))


def first_job(video: Video, now: datetime) -> Job:
    return Job(video_id=video.id, kind="prepare", queue=QUICK, queued_at=now)


async def fail(session: AsyncSession, video: Video, sentence: str, now: datetime) -> None:
    """Nothing more is tried; finished chunks stay for a retry."""
    if video.state not in ACTIVE:
        return
    video.state, video.error, video.finished_at = "failed", sentence, now
    await _stop_jobs(session, video, now)
    await _hide(session, video, status="failed")


async def cancel(session: AsyncSession, video: Video, now: datetime) -> None:
    """Nothing more is tried and nothing is kept."""
    video.state, video.finished_at = "cancelled", now
    await _stop_jobs(session, video, now)
    await _hide(session, video, status=None)
    await discard(session, video, now)


async def discard(session: AsyncSession, video: Video, now: datetime) -> None:
    """Let go of everything that was stored for it, when late workers have noticed too."""
    await deletions.schedule(session, leftovers(video), now + deletions.GRACE)


def leftovers(video: Video) -> tuple[str, str]:
    return keys.video(video.id), video.source_key


async def publish(
    session: AsyncSession, video: Video, variants: Sequence[dict[str, Any]], *, poster: bool, now: datetime
) -> None:
    """Make it the lesson's revision; those before it go later."""
    earlier = select(Video).where(
        Video.lesson_id == video.lesson_id, Video.id < video.id, Video.state != "cancelled"
    )
    older = list(await session.scalars(earlier.order_by(Video.id).with_for_update()))
    video.state, video.error, video.finished_at = "ready", None, now
    video.playable_at = video.playable_at or now
    lesson = await session.get_one(Lesson, video.lesson_id, with_for_update=True)
    _show(lesson, video)
    lesson.video_original_url = video.source_key
    lesson.video_thumbnail_url = POSTER_URL.format(video.id) if poster else None
    lesson.video_quality_variants = list(variants)
    if lesson.transcoding_job_id == video.id:
        lesson.video_status, lesson.transcoding_progress = "ready", 100
    for revision in older:
        await _supersede(session, revision, now)


async def _supersede(session: AsyncSession, older: Video, now: datetime) -> None:
    """Who is in the middle of the older revision sees it to its end; what is not whole ends now."""
    if older.state != "ready":
        return await cancel(session, older, now)
    await deletions.schedule(session, leftovers(older), now + _watched_for(older))


def _watched_for(video: Video) -> timedelta:
    """As long as addresses of it are good: spec section 5, path token."""
    return timedelta(seconds=(video.plan or {}).get("duration", 0.0)) + timedelta(hours=7)


async def _stop_jobs(session: AsyncSession, video: Video, now: datetime) -> None:
    await session.execute(
        update(Job)
        .where(Job.video_id == video.id, Job.state.in_(("waiting", "running")))
        .values(state="cancelled", finished_at=now)
        .execution_options(synchronize_session=False)
    )


async def _hide(session: AsyncSession, video: Video, status: str | None) -> None:
    """Leave the lesson as it was before this revision: with another one at work, or none."""
    video.playable_at = None
    lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
    if lesson is None:
        return
    if lesson.video_id == video.id:
        lesson.video_id = lesson.video_hls_url = lesson.video_duration_seconds = None
    if lesson.transcoding_job_id == video.id:
        lesson.video_status = "ready" if lesson.video_id else status
        lesson.transcoding_progress = 100 if lesson.video_id else 0
        if status is None:  # nobody waits for it any more; one that failed still has its reason to tell
            lesson.transcoding_job_id = lesson.video_id or video.id
        await _go_back(session, lesson)


async def _go_back(session: AsyncSession, lesson: Lesson) -> None:
    """To the newest revision that still has work left, so that it can be followed and stopped.

    The lesson is locked before the others are looked at: whoever ends one of them at this moment
    has done it already, or waits for the lesson and finds that it is the one.
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
    lesson.transcoding_job_id, lesson.video_status = other.id, "processing"
    lesson.transcoding_progress = await percent_done(session, other.id)
    if lesson.video_id is None and other.playable_at is not None:
        _show(lesson, other)
