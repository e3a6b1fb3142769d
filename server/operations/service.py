"""System figures for the administration page and the metrics."""

import asyncio
import shutil
from datetime import datetime
from importlib.metadata import version
from time import monotonic

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.operations.health import HEARTBEAT_AGE, Check
from server.services import Services
from storage.database.tables import Course, Job, Lesson, Video, WorkerRow
from storage.states import JobState, VideoStatus

STARTED = monotonic()  # of this server process
UNFINISHED_STATES = ("waiting", "encoding", "finishing")


class QueueFigures(msgspec.Struct, frozen=True):
    name: str
    waiting: int  # jobs
    running: int
    oldest_seconds: float | None  # age of the oldest waiting job


class WorkerFigures(msgspec.Struct, frozen=True):
    id: str
    queue: str
    alive: bool
    job: str | None  # current job, as in "chunk 4"
    seen_at: datetime


class LectureFigures(msgspec.Struct, frozen=True):
    """Revision in encoding."""

    lesson_id: str
    course_id: str
    title: str
    course: str
    state: str
    progress: int  # percent
    since: datetime


class Disk(msgspec.Struct, frozen=True):
    total: int  # bytes
    free: int

    @property
    def used_percent(self) -> int:
        return round(100 * (self.total - self.free) / self.total) if self.total else 0


class Glance(msgspec.Struct, frozen=True):
    checks: dict[str, Check]
    queues: list[QueueFigures]
    workers: list[WorkerFigures]
    lectures: list[LectureFigures]
    failed: int  # lessons whose newest revision failed
    disk: Disk
    store_free: int | None  # bytes; None when the store does not report it
    database: str
    store: str
    version: str
    uptime_seconds: float

    @property
    def well(self) -> bool:
        return all(check.ok for check in self.checks.values())


class Space(msgspec.Struct, frozen=True):
    disk: Disk
    store_free: int | None  # bytes; None when unknown


async def space(services: Services, checks: dict[str, Check]) -> Space:
    """Free space, asked before any transaction begins: a store may take its time to answer."""
    store_free = await services.store.free_bytes() if checks["objects"].ok else None
    return Space(await asyncio.to_thread(disk, services), store_free)


async def glance(
    session: AsyncSession, services: Services, checks: dict[str, Check], free: Space, now: datetime
) -> Glance:
    settings = services.settings
    failed = await session.scalar(select(func.count()).where(Lesson.video_status == VideoStatus.FAILED))
    return Glance(
        checks=checks,
        queues=await queue_figures(session, now),
        workers=await worker_figures(session, now),
        lectures=await _lectures(session),
        failed=failed or 0,
        disk=free.disk,
        store_free=free.store_free,
        database="SQLite" if services.database.is_sqlite else "PostgreSQL",
        store=settings.s3_endpoint or str(settings.objects_folder),
        version=version("skillstudio"),
        uptime_seconds=monotonic() - STARTED,
    )


def disk(services: Services) -> Disk:
    usage = shutil.disk_usage(services.settings.data)
    return Disk(total=usage.total, free=usage.free)


async def queue_figures(session: AsyncSession, now: datetime) -> list[QueueFigures]:
    """Job figures from the rows: the queue holds only wake-up messages."""
    rows = await session.execute(
        select(Job.queue, Job.state, func.count(), func.min(Job.queued_at))
        .where(Job.state.in_((JobState.WAITING, JobState.RUNNING)))
        .group_by(Job.queue, Job.state)
    )
    found = {(queue, state): (count, oldest) for queue, state, count, oldest in rows}
    figures = []
    for name in ("quick", "transcode"):
        waiting, oldest = found.get((name, JobState.WAITING), (0, None))
        running, _ = found.get((name, JobState.RUNNING), (0, None))
        figures.append(
            QueueFigures(name, waiting, running, (now - oldest).total_seconds() if oldest else None)
        )
    return figures


async def worker_figures(session: AsyncSession, now: datetime) -> list[WorkerFigures]:
    busy = await session.execute(
        select(Job.worker, Job.kind, Job.number).where(Job.state == JobState.RUNNING)
    )
    jobs = {worker: f"{kind} {number}" if kind == "chunk" else kind for worker, kind, number in busy}
    rows = await session.scalars(select(WorkerRow).order_by(WorkerRow.id))
    return [
        WorkerFigures(
            id=row.id,
            queue=row.queue,
            alive=row.heartbeat_at > now - HEARTBEAT_AGE,
            job=jobs.get(row.id),
            seen_at=row.heartbeat_at,
        )
        for row in rows
    ]


async def _lectures(session: AsyncSession) -> list[LectureFigures]:
    rows = await session.execute(
        select(Lesson, Course.title, Video)
        .join(Video, Video.id == Lesson.transcoding_job_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(Video.state.in_(UNFINISHED_STATES))
        .order_by(Video.created_at)
        .limit(50)
    )
    return [
        LectureFigures(
            lesson_id=lesson.id,
            course_id=lesson.course_id,
            title=lesson.title,
            course=course,
            state=video.state,
            progress=lesson.transcoding_progress,
            since=video.created_at,
        )
        for lesson, course, video in rows
    ]
