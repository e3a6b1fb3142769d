"""Faults 1, 2, 3 and 18: workers that are killed, frozen or stopped."""

import signal
import time
from pathlib import Path

import pytest

from storage.database.tables import Job
from tests.fixtures.waiting import wait_until
from tests.fixtures.workers import FAST_TIMING, WorkerCluster, running_encoders
from transcoder.jobs.timing import MAX_ATTEMPTS

pytestmark = pytest.mark.faults


async def job(cluster: WorkerCluster, job: Job) -> Job:
    """Current row of the job."""
    return next(row for row in await cluster.jobs_of(job.video_id) if row.id == job.id)


@pytest.mark.long
async def test_killed_workers_job_resumes_within_a_minute(cluster: WorkerCluster, long_clip: Path) -> None:
    """With the default commands and timing."""
    cluster.start_scheduler()
    _, victim, other = await cluster.start("quick", "transcode", "transcode")
    video = await cluster.submit(long_clip)

    async def half_way() -> bool:
        rows = await cluster.jobs_of(video.id, "chunk")
        return bool(rows) and sum(row.progress for row in rows) >= len(rows) / 2

    await wait_until(half_way, 90, victim.log_text)
    held = await cluster.wait_for_chunk(video.id, victim)
    encoders = victim.encoders()
    killed = time.monotonic()
    await victim.kill()
    await wait_until(lambda: not running_encoders(encoders), 5)

    async def taken_over() -> bool:
        return (await job(cluster, held)).fence > held.fence

    await wait_until(taken_over, 60, other.log_text)
    assert time.monotonic() - killed < 60
    await cluster.wait_for_state(video.id, "ready")
    assert (await job(cluster, held)).attempts == 2
    await cluster.assert_no_leftovers(video.id)


@pytest.mark.long
async def test_three_killed_workers_fail_the_revision(
    cluster: WorkerCluster, slow_clip: Path, clip: Path
) -> None:
    await cluster.start("quick", timing=FAST_TIMING)
    video = await cluster.submit(slow_clip)
    async with cluster.sweeping():
        for attempt in range(1, MAX_ATTEMPTS + 1):
            (worker,) = await cluster.start("transcode", timing=FAST_TIMING)
            held = await cluster.wait_for_chunk(video.id, worker)
            assert held.attempts == attempt
            await worker.kill()
        video = await cluster.wait_for_state(video.id, "failed", seconds=30)
        assert "Encoding part 2 was interrupted 3 times" in str(video.error)
        # Submitted now: the killed workers could have held a part of it, too.
        next_one = await cluster.submit(clip)
        await cluster.start("transcode", timing=FAST_TIMING)
        await cluster.wait_for_state(next_one.id, "ready")


@pytest.mark.long
async def test_late_worker_cannot_publish(cluster: WorkerCluster, slow_clip: Path) -> None:
    (_, frozen) = await cluster.start("quick", "transcode", timing=FAST_TIMING)
    video = await cluster.submit(slow_clip)
    held = await cluster.wait_for_chunk(video.id, frozen)
    frozen.send(signal.SIGSTOP)
    async with cluster.sweeping():
        await cluster.start("transcode", timing=FAST_TIMING)
        await cluster.wait_for_state(video.id, "ready")
    published = (await job(cluster, held)).result
    frozen.send(signal.SIGCONT)

    async def noticed() -> bool:
        return "lease lost" in frozen.log_text()

    await wait_until(noticed, 20, frozen.log_text)
    assert await frozen.stop() == 0
    row = await job(cluster, held)
    assert row.result == published
    assert row.fence == held.fence + 1
    await cluster.assert_no_leftovers(video.id)


async def test_stopped_worker_requeues_its_job(cluster: WorkerCluster, slow_clip: Path) -> None:
    """With the default command and timing."""
    (_, leaving) = await cluster.start("quick", "transcode")
    video = await cluster.submit(slow_clip)
    held = await cluster.wait_for_chunk(video.id, leaving)
    encoders, asked = leaving.encoders(), time.monotonic()
    assert await leaving.stop() == 0
    assert time.monotonic() - asked < 60
    assert not running_encoders(encoders)
    row = await job(cluster, held)
    assert (row.state, row.attempts) == ("waiting", 0)

    await cluster.start("transcode")
    await cluster.wait_for_state(video.id, "ready")
    assert (await job(cluster, held)).attempts == 1
    await cluster.assert_no_leftovers(video.id)
