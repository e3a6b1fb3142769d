"""The three sample recordings on their way of every upload: stored, queued, encoded by workers."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from server.core.clock import Clock
from server.core.errors import Problem
from server.demo.catalogue.lessons import SAMPLES, courses
from server.demo.recordings.making import make
from server.demo.recordings.slides import TALKS
from server.encoding import ingest
from server.encoding.tasks import sweep_jobs
from server.services import Services
from server.uploads.context import UploadContext
from storage.database.tables import Lesson, Video
from storage.messages import N_
from storage.states import LessonKind, RevisionState
from transcoder.ffmpeg.tools import find_tools

SWEEP_SECONDS = 5.0  # between two looks for jobs that a killed run has left
FAILED = N_("The sample recording %(file)s could not be encoded: %(reason)s")
UNDER_WAY = (RevisionState.WAITING, RevisionState.ENCODING, RevisionState.FINISHING)


def sample_lessons() -> list[str]:
    lessons = [one.id for one in courses()[0].lessons if one.kind == LessonKind.VIDEO]
    return lessons[:SAMPLES]


async def encode(services: Services, clock: Clock, told: Callable[[float], None]) -> None:
    """Make, submit and wait for what is not encoded yet. `told`: percent. Raises Problem."""
    context = UploadContext.of(services)
    progress = dict.fromkeys(range(SAMPLES), 0.0)

    async def one(number: int, lesson_id: str, folder: Path) -> None:
        video = await _submitted(context, services, lesson_id, number, folder, clock)
        if video is not None:

            def show(percent: float) -> None:
                progress[number] = percent
                told(sum(progress.values()) / SAMPLES)

            path = Path(TALKS[number].filename)
            outcome = await ingest.follow(context, video, path, clock, lambda seen: show(seen.progress))
            if outcome.failed:
                raise Problem(FAILED, file=path.name, reason=outcome.error or "")
        progress[number] = 100.0

    sweeping = asyncio.create_task(_sweep(services, clock))
    try:
        with tempfile.TemporaryDirectory(prefix="demo-") as name:
            await asyncio.gather(
                *(one(number, own, Path(name)) for number, own in enumerate(sample_lessons()))
            )
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)


async def _submitted(
    context: UploadContext, services: Services, lesson_id: str, number: int, folder: Path, clock: Clock
) -> Video | None:
    """Revision to wait for, made now unless an earlier run did; None where it is ready."""
    async with context.database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
        newest = await session.get(Video, lesson.transcoding_job_id) if lesson.transcoding_job_id else None
    if newest is not None and newest.state == RevisionState.READY:
        return None
    if newest is not None and newest.state in UNDER_WAY:
        return newest
    settings = services.settings
    tools = await asyncio.to_thread(find_tools, settings.ffmpeg, settings.ffprobe)
    path = await make(tools, TALKS[number], number, folder)
    return await ingest.submit_file(context, lesson_id, path, clock)


async def _sweep(services: Services, clock: Clock) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        await sweep_jobs(services, clock.now(), clock.now())
