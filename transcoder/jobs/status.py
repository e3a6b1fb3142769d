"""Status of the revision that a lesson follows, for display: stage, progress, remaining time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Job, Lesson, Video
from storage.messages import Message
from storage.states import JobKind, JobState, RevisionState
from transcoder.jobs import revisions
from transcoder.jobs.estimate import Estimate, JobView, QueueEstimate, estimate, queue_estimate
from transcoder.jobs.sharing import backlog
from transcoder.planning.plan import Plan
from transcoder.source import failures


class ChunkStatus(msgspec.Struct, frozen=True):
    number: int
    state: str  # waiting, running, done, failed, cancelled
    progress: float  # 0-1
    seconds: float  # of the lecture


class RevisionStatus(msgspec.Struct, frozen=True):
    job_id: str  # the revision
    status: str  # processing, ready, failed: lessons.video_status of this revision
    state: str  # videos.state
    progress: int  # 0-100
    stage: str  # waiting, checking, encoding, finishing, ready, failed, cancelled
    queue_place: int | None  # 1: next; None while a job is running
    eta_seconds: int | None  # None while the speed is unknown
    speed: float | None  # seconds of lecture per second, all workers together
    playable: bool
    playable_seconds: float
    duration_seconds: float | None
    variants: tuple[dict[str, Any], ...]
    error: Message | None
    chunks: tuple[ChunkStatus, ...]
    can_retry: bool
    filename: str


async def lesson_status(session: AsyncSession, lesson_id: str, now: datetime) -> RevisionStatus | None:
    """Status of the followed revision; None when the lesson has no video yet."""
    lesson = await session.get(Lesson, lesson_id)
    if lesson is None or lesson.transcoding_job_id is None:
        return None
    video = await session.get(Video, lesson.transcoding_job_id)
    if video is None:
        return None
    if video.state in revisions.ACTIVE:
        everything = await backlog.backlogs(session, now)
        expected = queue_estimate(video.id, everything, await backlog.recent_runs(session, now), now)
    else:
        expected = None
    jobs = await _jobs(session, video.id)
    return describe(video, jobs, lesson.video_quality_variants or [], expected, now)


async def _jobs(session: AsyncSession, video_id: str) -> list[JobView]:
    """Job rows without the chunks' results, which are large."""
    rows = await session.execute(
        select(Job.kind, Job.number, Job.state, Job.progress, Job.started_at, Job.finished_at)
        .where(Job.video_id == video_id)
        .order_by(Job.number)
    )
    results = await session.execute(
        select(Job.kind, Job.result).where(
            Job.video_id == video_id, Job.kind.in_((JobKind.PREPARE, JobKind.AUDIO))
        )
    )
    known = {row.kind: row.result for row in results}
    return [JobView(*row, result=known.get(row[0])) for row in rows]


def describe(
    video: Video,
    jobs: Sequence[JobView],
    variants: Sequence[dict[str, Any]],
    expected: QueueEstimate | None,
    now: datetime,
) -> RevisionStatus:
    """Status from rows. `expected`: None unless the revision is active."""
    plan = msgspec.convert(video.plan, Plan) if video.plan else None
    estimated = estimate(plan, jobs, now) if video.state in revisions.ACTIVE else _ended(video, plan)
    idle = video.state in revisions.ACTIVE and not any(job.state == JobState.RUNNING for job in jobs)
    return RevisionStatus(
        job_id=video.id,
        status={"ready": "ready", "failed": "failed", "cancelled": "failed"}.get(video.state, "processing"),
        state=video.state,
        progress=estimated.progress,
        stage=_stage(video, jobs),
        queue_place=expected.place if expected and idle else None,
        eta_seconds=expected.eta_seconds if expected else None,
        speed=estimated.speed,
        playable=video.playable_at is not None,
        playable_seconds=estimated.playable_seconds if video.playable_at else 0.0,
        duration_seconds=plan.duration if plan else None,
        variants=tuple(variants) if video.state == RevisionState.READY else (),
        error=video.error,
        chunks=_chunks(video, plan, jobs),
        can_retry=(
            video.state == RevisionState.FAILED and not _unusable(jobs) and failures.retry_helps(video.error)
        ),
        filename=video.filename,
    )


def _stage(video: Video, jobs: Sequence[JobView]) -> str:
    if video.state not in (RevisionState.WAITING, RevisionState.ENCODING):
        return video.state
    begun = any(job.state in (JobState.RUNNING, JobState.DONE) for job in jobs if job.kind != JobKind.PREPARE)
    checking = any(job.state == JobState.RUNNING for job in jobs if job.kind == JobKind.PREPARE)
    return "encoding" if begun else "checking" if checking else "waiting"


def _ended(video: Video, plan: Plan | None) -> Estimate:
    ready = video.state == RevisionState.READY
    return Estimate(
        progress=100 if ready else 0,
        playable_seconds=plan.duration if ready and plan else 0.0,
        speed=None,
    )


def _unusable(jobs: Sequence[JobView]) -> bool:
    return any(job.kind == JobKind.PREPARE and (job.result or {}).get("unusable") for job in jobs)


def _chunks(video: Video, plan: Plan | None, jobs: Sequence[JobView]) -> tuple[ChunkStatus, ...]:
    if plan is None or plan.video is None:
        return ()
    fps = plan.video.fps_num / plan.video.fps_den
    if video.state == RevisionState.READY:  # its jobs may have been pruned
        jobs = [JobView(JobKind.CHUNK, chunk.number, JobState.DONE, 1.0) for chunk in plan.video.chunks]
    known = {job.number: job for job in jobs if job.kind == JobKind.CHUNK}
    return tuple(
        ChunkStatus(
            number=chunk.number,
            state=known[chunk.number].state,
            progress=1.0 if known[chunk.number].state == JobState.DONE else known[chunk.number].progress,
            seconds=round(chunk.frames / fps, 3),
        )
        for chunk in plan.video.chunks
        if chunk.number in known
    )
