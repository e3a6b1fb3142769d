"""Revisions of a lesson's video in every state. The rows of video, jobs and lesson agree."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.tables import Job, Lesson, Video
from storage.messages import Message
from storage.objects import keys
from storage.states import JobKind, JobState, RevisionState, VideoStatus
from tests.world import media
from transcoder.jobs import revisions
from transcoder.jobs.timing import Timing
from transcoder.media import Source
from transcoder.planning.plan import Plan, make_plan

ENDED_WELL = (RevisionState.FINISHING, RevisionState.READY)
ERROR = "The recording ends in the middle. Upload it again."


@dataclass(frozen=True)
class Encoded:
    """What is encoded already. None: everything if the state says so, else nothing."""

    chunks: int | None = None
    audio_seconds: float | None = None


async def add_video(
    session: AsyncSession,
    lesson_id: str,
    *,
    state: str,
    source: Source | None,
    encoded: Encoded,
    at: datetime,
    filename: str = "lecture.mp4",
    error: str = ERROR,
    submitted_by: str | None = None,
) -> Video:
    """Step: a revision with its jobs, followed by its lesson. No object is stored.

    It has a plan, unless it waits or failed before: then there is no `source`.
    """
    wanted = RevisionState(state)
    lesson = await session.get_one(Lesson, lesson_id)
    video, prepare = await _submit(session, lesson, filename, at, submitted_by)
    if source is None or wanted == RevisionState.WAITING:
        prepare.state = JobState.FAILED if wanted == RevisionState.FAILED else prepare.state
    else:
        prepare.state, prepare.progress, prepare.result = JobState.DONE, 1.0, {}
        plan = make_plan(source)
        video.source, video.plan = msgspec.to_builtins(source), msgspec.to_builtins(plan)
        video.state, video.started_at = RevisionState.ENCODING, at
        jobs = _parts(video.id, plan, encoded, everything=wanted in ENDED_WELL, at=at)
        session.add_all(jobs)
        await session.flush()
        await revisions.show_if_playable(session, video, at)
        if any(job.state == JobState.DONE for job in jobs):
            lesson.transcoding_progress = await revisions.percent_done(session, video.id)
    await _end(session, video, wanted, error, at)
    await session.flush()
    return video


async def _submit(
    session: AsyncSession, lesson: Lesson, filename: str, at: datetime, submitted_by: str | None
) -> tuple[Video, Job]:
    video_id = new_id()
    video = Video(
        id=video_id,
        lesson_id=lesson.id,
        source_key=keys.original(lesson.id, video_id, filename),
        filename=filename,
        source_bytes=1000,
        submitted_by=submitted_by,
        created_at=at,
    )
    session.add(video)
    await session.flush()
    prepare = media.waiting_job(video.id, JobKind.PREPARE, 0, at)
    session.add(prepare)
    lesson.video_status, lesson.transcoding_job_id = VideoStatus.PROCESSING, video.id
    lesson.transcoding_progress = 0
    if lesson.video_id is None:
        lesson.video_original_url = video.source_key
    await session.flush()
    return video, prepare


def _parts(video_id: str, plan: Plan, encoded: Encoded, *, everything: bool, at: datetime) -> list[Job]:
    """Audio job and chunk jobs: the first ones done, the others waiting."""
    jobs = []
    if plan.audio is not None:
        seconds = encoded.audio_seconds
        jobs.append(
            _audio(video_id, plan, plan.duration if everything and seconds is None else seconds or 0, at)
        )
    chunks = plan.video.chunks if plan.video is not None else ()
    done = len(chunks) if everything and encoded.chunks is None else encoded.chunks or 0
    for chunk in chunks:
        if chunk.number < done:
            result = media.chunk_result(plan, chunk)
            jobs.append(media.done_job(video_id, JobKind.CHUNK, chunk.number, result, at, plan))
        else:
            jobs.append(media.waiting_job(video_id, JobKind.CHUNK, chunk.number, at, plan))
    return jobs


def _audio(video_id: str, plan: Plan, seconds: float, at: datetime) -> Job:
    """Audio job: it publishes its result while it runs."""
    if not seconds:
        return media.waiting_job(video_id, JobKind.AUDIO, 0, at, plan)
    result = media.audio_result(plan, seconds)
    job = media.done_job(video_id, JobKind.AUDIO, 0, result, at, plan)
    if not result.complete:
        job.state, job.progress, job.started_at = JobState.RUNNING, seconds / plan.duration, at
        job.worker, job.fence, job.attempts = "host/quick-1", 1, 1
        job.lease_until = at + timedelta(seconds=Timing().lease)
    return job


async def _end(session: AsyncSession, video: Video, wanted: RevisionState, error: str, at: datetime) -> None:
    """Move the revision to its last state as the product does."""
    match wanted:
        case RevisionState.FAILED:
            await revisions.fail(session, video, Message(error), at)
        case RevisionState.CANCELLED:
            await revisions.cancel(session, video, at)
        case RevisionState.FINISHING | RevisionState.READY:
            finish = await revisions.finish_job_if_due(session, video, at)
            if wanted == RevisionState.READY and finish is not None:
                finish.state, finish.progress, finish.result = JobState.DONE, 1.0, {}
                await session.flush()
                await revisions.publish(session, video, _variants(video), poster=True, now=at)
        case _:
            pass


def _variants(video: Video) -> list[dict[str, Any]]:
    plan = msgspec.convert(video.plan, Plan)
    rungs = plan.video.rungs if plan.video is not None else ()
    return [
        {"name": rung.name, "width": rung.width, "height": rung.height, "bandwidth": 1_000_000}
        for rung in rungs
    ]
