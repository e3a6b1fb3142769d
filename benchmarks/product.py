"""Product run of the encoding benchmark: real queue, folder store and worker processes, enqueued to ready."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from benchmarks.bare import cpu_of_children
from storage.database import migrations
from storage.database.engine import Database
from storage.database.tables import Video
from storage.objects import keys
from storage.objects.open import StoreConfig, open_store
from storage.states import RevisionState
from tests.fixtures.queue import Valkey
from tests.fixtures.workers import WorkerCluster, WorkerProcess
from transcoder.jobs.queue import QUICK, TRANSCODE, Queue
from transcoder.planning.plan import Plan, require

DEADLINE = 3600.0  # seconds
POLL_INTERVAL = 1.0  # seconds between reads of the row: each takes time from the measured run


class Encoded(msgspec.Struct, frozen=True):
    seconds: float  # from enqueued to ready
    playable: float  # from enqueued to playable
    cpu: float  # seconds of all workers and their encoders, the workers' own start included
    peak: int  # bytes: largest worker plus its largest encoder
    plan: Plan
    files: dict[str, Path]  # by rung, all segments joined


def encode(original: Path, folder: Path, cores: Sequence[set[int]]) -> Encoded:
    """`cores`: CPU affinity of each transcode worker; the quick worker shares that of the last one."""
    return asyncio.run(_encode(original, folder, cores))


async def _encode(original: Path, folder: Path, cores: Sequence[set[int]]) -> Encoded:
    before = cpu_of_children()
    async with running_cluster(folder) as cluster:
        for queue, allowed in [*((TRANSCODE, allowed) for allowed in cores), (QUICK, cores[-1])]:
            with _cpu_affinity(allowed):
                await cluster.start(queue)
        video = await cluster.submit(original)
        video = await _ready(cluster, video.id)
        peak = max(_peak_rss(worker) for worker in cluster.workers)
        for worker in cluster.workers:
            await worker.stop()
    plan = msgspec.convert(video.plan, Plan)
    made = cluster.store_config.folder / keys.video(video.id)
    return Encoded(
        seconds=_seconds_until(video, "finished_at"),
        playable=_seconds_until(video, "playable_at"),
        cpu=cpu_of_children() - before,
        peak=peak,
        plan=plan,
        files={rung.name: _join_segments(made / rung.name, folder) for rung in require(plan.video).rungs},
    )


async def _ready(cluster: WorkerCluster, video_id: str) -> Video:
    async with asyncio.timeout(DEADLINE):
        while (video := await cluster.video(video_id)).state != "ready":
            if video.state == RevisionState.FAILED:
                raise RuntimeError(video.error)
            await asyncio.sleep(POLL_INTERVAL)
    return video


@asynccontextmanager
async def running_cluster(folder: Path) -> AsyncIterator[WorkerCluster]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'lectures.db'}")
    await migrations.upgrade(database)
    valkey = Valkey(folder / "valkey")
    valkey.start()
    store = StoreConfig(folder=folder / "data" / "objects")
    cluster = DebugCluster(folder / "data", database, valkey.url, Queue(valkey.url), store, open_store(store))
    try:
        yield cluster
    finally:
        await cluster.close()
        valkey.kill()
        await database.close()


@contextmanager
def _cpu_affinity(cores: set[int]) -> Iterator[None]:
    """CPU affinity for processes started in the block."""
    previous = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, previous)


class DebugCluster(WorkerCluster):
    """Workers with debug logs, which hold the peak RSS of each encoder. Encoders are not polled in /proc: a
    worker that reaps one on the same core was then seen to wait in the kernel for minutes.
    """

    def settings(self) -> dict[str, str]:
        return super().settings() | {"SKILLSTUDIO_LOG_LEVEL": "debug"}


def _peak_rss(worker: WorkerProcess) -> int:
    """Bytes: peak RSS of the worker plus the highest peak of its child processes."""
    events = (msgspec.json.decode(line) for line in worker.log_text().splitlines() if line.startswith("{"))
    children = max((line["peak_rss"] for line in events if line["message"] == "process ended"), default=0)
    own = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text())
    return (int(own[1]) * 1024 if own else 0) + int(children)


def _seconds_until(video: Video, moment: str) -> float:
    return float((getattr(video, moment) - video.created_at).total_seconds())


def _join_segments(rendition: Path, folder: Path) -> Path:
    """Initialization segment and media segments in one file, as a player appends them."""
    path = folder / f"{rendition.name}.mp4"
    header = next(rendition.glob("init.*"))
    with path.open("wb") as joined:
        for piece in [header, *sorted(rendition.glob("*.m4s"))]:
            joined.write(piece.read_bytes())
    return path
