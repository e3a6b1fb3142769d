"""Faults 4 and 5: flushed queue, unreachable queue."""

from pathlib import Path

import pytest

from storage.database.tables import Lesson
from storage.states import JobState
from tests.fixtures.clips import make_clip
from tests.fixtures.lessons import add_lesson
from tests.fixtures.queue import Valkey
from tests.fixtures.workers import ATTENTIVE, Plant, until

pytestmark = pytest.mark.faults


async def test_uploads_survive_a_flushed_queue(
    plant: Plant, valkey: Valkey, clips: Path, tmp_path: Path
) -> None:
    """Every fifth upload is a second of audio, the others rejected text, so that a hundred jobs are quick."""
    lecture = make_clip(clips / "second.m4a", seconds=1, size="")
    text = tmp_path / "notes.mp4"
    text.write_text("Not a lecture.")
    lesson_id = await add_lesson(plant.database)
    async with plant.database.read() as session:
        course_id = (await session.get_one(Lesson, lesson_id)).course_id
    lessons = [await add_lesson(plant.database, course_id) for _ in range(100)]
    videos = [await plant.submit(text if n % 5 else lecture, lesson) for n, lesson in enumerate(lessons)]
    assert plant.queue.length("quick") == 100
    valkey.flush()
    await plant.start("quick", "transcode", timing=ATTENTIVE)
    async with plant.swept():
        for number, video in enumerate(videos):
            await plant.comes_to(video.id, "failed" if number % 5 else "ready")


async def test_unreachable_queue_only_delays_jobs(
    plant: Plant, valkey: Valkey, slow_clip: Path, clip: Path
) -> None:
    """Unreachable until a job has ended without it; the duration does not matter."""
    _, worker = await plant.start("quick", "transcode", timing=ATTENTIVE)
    first = await plant.submit(slow_clip)

    async def encoding() -> bool:
        """Whether both workers have started: otherwise one would get no message until the queue is back."""
        chunks = await plant.jobs_of(first.id, "chunk")
        return bool(chunks) and all(job.state in (JobState.RUNNING, JobState.DONE) for job in chunks)

    await until(encoding, 60, worker.said)
    async with plant.swept():
        valkey.kill()
        second = await plant.submit(clip)  # an upload that ends meanwhile is accepted

        async def ended() -> bool:
            return all(job.state == JobState.DONE for job in await plant.jobs_of(first.id, "chunk"))

        await until(ended, 120, worker.said)
        valkey.start()
        for video in (first, second):
            await plant.comes_to(video.id, "ready")
            assert {job.attempts for job in await plant.jobs_of(video.id)} == {1}
            await plant.is_tidy(video.id)


async def test_workers_start_before_their_queue(plant: Plant, valkey: Valkey, tone: Path) -> None:
    valkey.kill()
    workers = await plant.start("quick", "transcode", timing=ATTENTIVE)
    video = await plant.submit(tone)
    valkey.start()
    async with plant.swept():
        await plant.comes_to(video.id, "ready")
    assert all(worker.runs for worker in workers)
