"""Faults 1, 2, 3 and 18: workers that are killed, frozen or stopped."""

import signal
import time
from pathlib import Path

import pytest

from storage.database.tables import Job
from tests.fixtures.lessons import add_lesson
from tests.fixtures.workers import ATTENTIVE, Plant, WorkerProcess, until
from transcoder.jobs.timing import MAX_ATTEMPTS

pytestmark = pytest.mark.faults


def alive(pids: list[int]) -> list[int]:
    """Running encoders among the processes, without zombies."""
    return [pid for pid in pids if "ffmpeg" in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


async def at_work(plant: Plant, video_id: str, worker: WorkerProcess) -> Job:
    """Chunk that this worker is encoding, once its encoder runs."""
    found: list[Job] = []

    async def working() -> bool:
        rows = await plant.jobs_of(video_id, "chunk")
        found[:] = [r for r in rows if r.state == "running" and str(r.worker).endswith(worker.name)]
        return bool(found) and bool(alive(worker.encoders()))

    await until(working, 60, worker.said)
    return found[-1]


async def job(plant: Plant, job: Job) -> Job:
    """Current row of the job."""
    return next(row for row in await plant.jobs_of(job.video_id) if row.id == job.id)


async def test_killed_workers_job_resumes_within_a_minute(plant: Plant, long_clip: Path) -> None:
    """With the default commands and timing."""
    plant.start_scheduler()
    _, victim, other = await plant.start("quick", "transcode", "transcode")
    video = await plant.submit(long_clip)

    async def half_way() -> bool:
        rows = await plant.jobs_of(video.id, "chunk")
        return bool(rows) and sum(row.progress for row in rows) >= len(rows) / 2

    await until(half_way, 90, victim.said)
    held = await at_work(plant, video.id, victim)
    encoders = victim.encoders()
    killed = time.monotonic()
    await victim.kill()
    await until(lambda: _none_alive(encoders), 5)

    async def taken_over() -> bool:
        return (await job(plant, held)).fence > held.fence

    await until(taken_over, 60, other.said)
    assert time.monotonic() - killed < 60
    await plant.comes_to(video.id, "ready")
    assert (await job(plant, held)).attempts == 2
    await plant.is_tidy(video.id)


async def _none_alive(pids: list[int]) -> bool:
    return not alive(pids)


async def test_three_killed_workers_fail_the_revision(plant: Plant, slow_clip: Path, clip: Path) -> None:
    await plant.start("quick", timing=ATTENTIVE)
    video, next_one = await plant.submit(slow_clip), await plant.submit(clip)
    async with plant.swept():
        for attempt in range(1, MAX_ATTEMPTS + 1):
            (worker,) = await plant.start("transcode", timing=ATTENTIVE)
            held = await at_work(plant, video.id, worker)
            assert held.attempts == attempt
            await worker.kill()
        video = await plant.comes_to(video.id, "failed", seconds=30)
        assert "Encoding part 2 was interrupted 3 times" in str(video.error)
        await plant.start("transcode", timing=ATTENTIVE)
        await plant.comes_to(next_one.id, "ready")


async def test_late_worker_cannot_publish(plant: Plant, slow_clip: Path) -> None:
    (_, frozen) = await plant.start("quick", "transcode", timing=ATTENTIVE)
    video = await plant.submit(slow_clip)
    held = await at_work(plant, video.id, frozen)
    frozen.send(signal.SIGSTOP)
    async with plant.swept():
        await plant.start("transcode", timing=ATTENTIVE)
        await plant.comes_to(video.id, "ready")
    published = (await job(plant, held)).result
    frozen.send(signal.SIGCONT)

    async def noticed() -> bool:
        return "lease lost" in frozen.said()

    await until(noticed, 20, frozen.said)
    assert await frozen.stop() == 0
    row = await job(plant, held)
    assert row.result == published
    assert row.fence == held.fence + 1
    await plant.is_tidy(video.id)


async def test_stopped_worker_requeues_its_job(plant: Plant, slow_clip: Path) -> None:
    """With the default command and timing."""
    (_, leaving) = await plant.start("quick", "transcode")
    video = await plant.submit(slow_clip, await add_lesson(plant.database))
    held = await at_work(plant, video.id, leaving)
    encoders, asked = leaving.encoders(), time.monotonic()
    assert await leaving.stop() == 0
    assert time.monotonic() - asked < 60
    assert not alive(encoders)
    row = await job(plant, held)
    assert (row.state, row.attempts) == ("waiting", 0)

    await plant.start("transcode")
    await plant.comes_to(video.id, "ready")
    assert (await job(plant, held)).attempts == 1
    await plant.is_tidy(video.id)
