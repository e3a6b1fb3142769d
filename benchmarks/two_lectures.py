"""A clip behind a long lecture: `python -m benchmarks two_lectures`, encoders shared between two people.

One instructor's lecture of 40 minutes is being encoded when another submits 20 s. Measured: seconds until
the clip is ready, and the remaining time that its status told first. Goal: both under 60 s.
"""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks import footage
from benchmarks.product import running_cluster
from tests.fixtures.waiting import wait_until
from tests.fixtures.workers import WorkerCluster
from transcoder.ffmpeg.tools import Tools, find_tools
from transcoder.jobs.queue import QUICK, TRANSCODE
from transcoder.jobs.status import lesson_status
from transcoder.worker.context import utc_now

LONG_MINUTES, CLIP_SECONDS = 40, 20
ROUNDS = 3


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="two-lectures-") as name:
        folder = Path(name)
        lecture, clip = _lecture(tools, folder), footage.lecture(tools, CLIP_SECONDS)
        print(f"{'told after':>12}{'time told':>12}{'ready after':>13}")
        async with running_cluster(folder) as cluster:
            for queue in (QUICK, *(TRANSCODE for _ in os.sched_getaffinity(0))):
                await cluster.start(queue)
            long = await cluster.submit(lecture, submitted_by="first")
            await wait_until(lambda: _chunks_done(cluster, long.id, at_least=8), 600)
            for _ in range(ROUNDS):
                after, told, ready = await _follow(cluster, clip)
                print(f"{after:>11.1f}s{told:>11d}s{ready:>12.1f}s", flush=True)
                await asyncio.sleep(20)


def _lecture(tools: Tools, folder: Path) -> Path:
    """Two minutes, repeated by stream copy."""
    file = folder / "lecture.mp4"
    short = footage.lecture(tools, 120)
    options = ["-stream_loop", str(LONG_MINUTES // 2 - 1), "-i", str(short), "-c", "copy", str(file)]
    subprocess.run([str(tools.ffmpeg), "-v", "error", *options], check=True)
    return file


async def _chunks_done(cluster: WorkerCluster, video_id: str, at_least: int) -> bool:
    jobs = await cluster.jobs_of(video_id, "chunk")
    return sum(job.state == "done" for job in jobs) >= at_least


async def _follow(cluster: WorkerCluster, clip: Path) -> tuple[float, int, float]:
    """Seconds until a remaining time was told, that time, and seconds until the clip was ready."""
    video = await cluster.submit(clip, submitted_by="second")
    after, told = 0.0, 0
    while True:
        now = utc_now()
        async with cluster.database.read() as session:
            status = await lesson_status(session, video.lesson_id, now)
        if status is None or status.status == "failed":
            raise RuntimeError(status)
        if status.status == "ready":
            return after, told, (now - video.created_at).total_seconds()
        if not told and status.eta_seconds:
            after, told = (now - video.created_at).total_seconds(), status.eta_seconds
        await asyncio.sleep(0.2)
