"""What a worker process has at hand, and the job it holds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from storage.database.engine import Database
from storage.objects.store import ObjectStore, StoreError
from transcoder.ffmpeg.process import Limits
from transcoder.ffmpeg.progress import Progress
from transcoder.ffmpeg.tools import Tools
from transcoder.jobs import leases
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.queue import Queue
from transcoder.jobs.timing import Timing
from transcoder.worker.scratch import Scratch

log = structlog.get_logger(__name__)

DATABASE_AWAY = (SQLAlchemyError, OSError)  # asyncpg lets a refused connection through as it is
PAUSES = (1, 2, 4, 8, 16)  # seconds
PARALLEL_UPLOADS = 4  # objects on their way to the store
TYPES = {".m4s": "video/mp4", ".mp4": "video/mp4", ".jpg": "image/jpeg", ".vtt": "text/vtt"}


def utc_now() -> datetime:
    return datetime.now(UTC)


T = TypeVar("T")


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Again and again for half a minute while the database is busy or away."""
    for pause in PAUSES:
        try:
            return await call()
        except DATABASE_AWAY as error:
            log.warning("the database is busy or away", error=str(error), again_in=pause)
            await asyncio.sleep(pause)
    return await call()


@dataclass(frozen=True)
class WorkerContext:
    database: Database
    store: ObjectStore
    queue: Queue
    tools: Tools
    scratch: Scratch
    worker: str  # workers.id
    threads: int  # of one encoder
    timing: Timing = field(default_factory=Timing)
    now: Callable[[], datetime] = utc_now


def _nice(claim: Claim) -> int:
    """Somebody waits for the first chunk; the sound is soon far enough ahead of it; the rest has time."""
    match claim.kind, claim.number:
        case "chunk", number if number > 0:
            return 19
        case "audio", _:
            return 10
        case _:
            return 0


class JobLease:
    """A claimed job while it is being done: its lease, its progress, and what it has stored."""

    def __init__(self, context: WorkerContext, claim: Claim) -> None:
        self.context, self.claim = context, claim
        self.lost = False
        self.encoded = asyncio.Event()  # the processor has nothing more to do for it
        self.stored: list[str] = []  # keys that no row names yet
        self._figures: tuple[float, float | None] = (0.0, None)  # progress 0-1, speed
        self._told: tuple[float, float | None] = self._figures

    def reporter(self, seconds: float) -> Callable[[Progress], None]:
        """For a process that makes so many seconds of the lecture."""

        def report(progress: Progress) -> None:
            self._figures = (round(min(progress.out_seconds / seconds, 1.0), 3), progress.speed)

        return report

    def limits(self) -> Limits:
        """Spec section 6, for one process of this job."""
        return Limits(
            seconds=self.claim.deadline.total_seconds(),
            output_bytes=3 * self.claim.source_bytes + 2**30,
            nice=_nice(self.claim),
        )

    async def put(self, files: dict[str, Path]) -> None:
        """Move local files into the store under these keys; noted first, so that nothing is left behind."""
        self.stored += files
        gate = asyncio.Semaphore(PARALLEL_UPLOADS)

        async def one(key: str, path: Path) -> None:
            async with gate:
                await self.context.store.adopt_file(key, path, TYPES[path.suffix])

        async with asyncio.TaskGroup() as group:
            for key, path in files.items():
                group.create_task(one(key, path))

    def keep(self) -> None:
        """A row names them now."""
        self.stored.clear()

    async def drop_stored(self) -> None:
        """Remove what this attempt stored in vain; what cannot be removed now is left to the last step."""
        if not self.stored:
            return
        try:
            async with self.context.database.read() as session:
                if await leases.is_complete(session, self.claim):
                    return
            for key in self.stored:
                await self.context.store.delete(key)
        except (StoreError, *DATABASE_AWAY) as error:
            log.warning("objects of no use stay for now", error=str(error))
        self.keep()

    async def watch(self, step: "asyncio.Task[Any]") -> None:
        """Renew the lease until cancelled; stop the step when the job is no longer ours."""
        renewed = monotonic()
        while True:
            await asyncio.sleep(self.context.timing.watch)
            due = monotonic() - renewed >= self.context.timing.renew
            try:
                if due or self._figures != self._told:
                    self._told = self._figures
                    fraction, speed = self._told
                    now = self.context.now()
                    await leases.renew(
                        self.context.database,
                        self.claim,
                        now,
                        self.context.timing,
                        progress=fraction,
                        speed=speed,
                    )
                    renewed = monotonic()
                elif not await leases.is_owned(self.context.database, self.claim):
                    raise LeaseLost(self.claim.id)
            except LeaseLost:
                self.lost = True
                step.cancel()
                return
            except DATABASE_AWAY as error:  # busy or away: the fence judges what we do meanwhile
                log.warning("the lease could not be renewed", error=str(error))
