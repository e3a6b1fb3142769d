"""Faults 4 and 5: flushed queue, unreachable, frozen or full queue."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.states import JobState
from tests.fixtures.clips import make_clip
from tests.fixtures.queue import Valkey
from tests.fixtures.waiting import wait_until
from tests.fixtures.workers import FAST_TIMING, WorkerCluster
from tests.world.builder import World

pytestmark = pytest.mark.faults


@pytest.mark.long
async def test_uploads_survive_a_flushed_queue(
    cluster: WorkerCluster, valkey: Valkey, clips: Path, tmp_path: Path
) -> None:
    """Every fifth upload is a second of audio, the others rejected text, so that a hundred jobs are quick."""
    lecture = make_clip(clips / "second.m4a", seconds=1, size="")
    text = tmp_path / "notes.mp4"
    text.write_text("Not a lecture.")
    world = World(cluster.database)
    course = await world.course()
    lessons = [await world.lesson(course) for _ in range(100)]
    videos = [await cluster.submit(text if n % 5 else lecture, lesson.id) for n, lesson in enumerate(lessons)]
    assert cluster.queue.length("quick") == 100
    valkey.flush()
    await cluster.start("quick", "transcode", timing=FAST_TIMING)
    async with cluster.sweeping():
        for number, video in enumerate(videos):
            await cluster.wait_for_state(video.id, "failed" if number % 5 else "ready")


Fault = Callable[[Valkey], None]


def _fill_and_freeze(valkey: Valkey) -> None:
    valkey.limit_memory(1)
    valkey.freeze()


def _thaw_and_empty(valkey: Valkey) -> None:
    """It answers, and takes no writes for a while."""
    valkey.thaw()
    time.sleep(1)
    valkey.limit_memory(0)


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        pytest.param(Valkey.kill, Valkey.start, id="killed"),
        pytest.param(_fill_and_freeze, _thaw_and_empty, id="full and frozen"),
    ],
)
async def test_unusable_queue_only_delays_jobs(
    cluster: WorkerCluster, valkey: Valkey, slow_clip: Path, clip: Path, fault: Fault, cure: Fault
) -> None:
    """Unusable until a job has ended without it; the duration does not matter."""
    _, worker = await cluster.start("quick", "transcode", timing=FAST_TIMING)
    first = await cluster.submit(slow_clip)

    async def encoding() -> bool:
        """Whether both workers have started: otherwise one would get no message until the queue is back."""
        chunks = await cluster.jobs_of(first.id, "chunk")
        return bool(chunks) and all(job.state in (JobState.RUNNING, JobState.DONE) for job in chunks)

    await wait_until(encoding, 60, worker.log_text)
    async with cluster.sweeping():
        fault(valkey)
        begun = time.monotonic()
        second = await cluster.submit(clip)  # an upload that ends meanwhile is accepted
        assert time.monotonic() - begun < 6  # by a frozen one held up for two seconds

        async def ended() -> bool:
            return all(job.state == JobState.DONE for job in await cluster.jobs_of(first.id, "chunk"))

        await wait_until(ended, 120, worker.log_text)
        cure(valkey)
        for video in (first, second):
            await cluster.wait_for_state(video.id, "ready")
            assert {job.attempts for job in await cluster.jobs_of(video.id)} == {1}
            await cluster.assert_no_leftovers(video.id)
    assert "found a bug in Dramatiq" not in worker.log_text()


async def test_workers_start_before_their_queue(cluster: WorkerCluster, valkey: Valkey, tone: Path) -> None:
    valkey.kill()
    workers = await cluster.start("quick", "transcode", timing=FAST_TIMING)
    video = await cluster.submit(tone)
    valkey.start()
    async with cluster.sweeping():
        await cluster.wait_for_state(video.id, "ready")
    assert all(worker.runs for worker in workers)
