"""The product itself: a real queue, a folder store and worker processes, from enqueued to ready."""

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
from tests.fixtures.queue import Valkey
from tests.fixtures.workers import Plant, WorkerProcess
from transcoder.jobs.queue import QUICK, TRANSCODE, Queue
from transcoder.planning.plan import Plan, require

DEADLINE = 3600.0  # seconds
LOOK = 1.0  # seconds between looks at the row: each takes time from what is measured


class Encoded(msgspec.Struct, frozen=True):
    seconds: float  # from enqueued to ready
    playable: float  # until somebody could press play
    cpu: float  # seconds of all workers and their encoders, the workers' own start included
    peak: int  # bytes: the largest worker together with its largest encoder
    plan: Plan
    files: dict[str, Path]  # by rung, all segments joined


def encode(original: Path, folder: Path, cores: Sequence[set[int]]) -> Encoded:
    """`cores`: what each transcode worker may use; the quick worker has what the last one has."""
    return asyncio.run(_encode(original, folder, cores))


async def _encode(original: Path, folder: Path, cores: Sequence[set[int]]) -> Encoded:
    before = cpu_of_children()
    async with _plant(folder) as plant:
        for queue, allowed in [*((TRANSCODE, allowed) for allowed in cores), (QUICK, cores[-1])]:
            with _held_to(allowed):
                await plant.start(queue)
        video = await plant.submit(original)
        video = await _ready(plant, video.id)
        peak = max(_largest(worker) for worker in plant.workers)
        for worker in plant.workers:
            await worker.stop()
    plan = msgspec.convert(video.plan, Plan)
    made = plant.store_config.folder / keys.video(video.id)
    return Encoded(
        seconds=_until(video, "finished_at"),
        playable=_until(video, "playable_at"),
        cpu=cpu_of_children() - before,
        peak=peak,
        plan=plan,
        files={rung.name: _joined(made / rung.name, folder) for rung in require(plan.video).rungs},
    )


async def _ready(plant: Plant, video_id: str) -> Video:
    async with asyncio.timeout(DEADLINE):
        while (video := await plant.video(video_id)).state != "ready":
            if video.state == "failed":
                raise RuntimeError(video.error)
            await asyncio.sleep(LOOK)
    return video


@asynccontextmanager
async def _plant(folder: Path) -> AsyncIterator[Plant]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'lectures.db'}")
    await migrations.upgrade(database)
    valkey = Valkey(folder / "valkey")
    valkey.start()
    store = StoreConfig(folder=folder / "data" / "objects")
    plant = Talkative(folder / "data", database, valkey.url, Queue(valkey.url), store, open_store(store))
    try:
        yield plant
    finally:
        await plant.close()
        valkey.kill()
        await database.close()


@contextmanager
def _held_to(cores: set[int]) -> Iterator[None]:
    """What starts inside inherits it."""
    all_of_ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_ours)


class Talkative(Plant):
    """Its workers tell what each encoder has used. Looking at encoders in /proc while they end is
    no way to find out: who collects one on the same core then waits for it in the kernel, for minutes.
    """

    def settings(self) -> dict[str, str]:
        return super().settings() | {"SKILLSTUDIO_LOG_LEVEL": "debug"}


def _largest(worker: WorkerProcess) -> int:
    """Bytes: the most that the worker has held, and the most of any process it has started."""
    told = (msgspec.json.decode(line) for line in worker.said().splitlines() if line.startswith("{"))
    started = max((line["peak_rss"] for line in told if line["message"] == "process.end"), default=0)
    held = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text())
    return (int(held[1]) * 1024 if held else 0) + int(started)


def _until(video: Video, moment: str) -> float:
    return float((getattr(video, moment) - video.created_at).total_seconds())


def _joined(rendition: Path, folder: Path) -> Path:
    """As a player puts it together."""
    path = folder / f"{rendition.name}.mp4"
    header = next(rendition.glob("init.*"))
    with path.open("wb") as joined:
        for piece in [header, *sorted(rendition.glob("*.m4s"))]:
            joined.write(piece.read_bytes())
    return path
