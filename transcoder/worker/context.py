"""Context of a worker process, and the lease of a running job."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from storage.database.engine import Database
from storage.database.trouble import trouble_of
from storage.objects import keys
from storage.objects.store import ObjectStore, StoreError
from transcoder.ffmpeg.process import Limits
from transcoder.ffmpeg.progress import Progress
from transcoder.ffmpeg.tools import Tools
from transcoder.jobs import leases
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.queue import Queue
from transcoder.jobs.timing import Timing
from transcoder.media import Digest
from transcoder.worker.scratch import Scratch

log = structlog.get_logger(__name__)

DATABASE_ERRORS = (SQLAlchemyError, OSError)  # OSError: asyncpg does not wrap a refused connection
PAUSES = (1, 2, 4, 8, 16)  # seconds between retries
PARALLEL_UPLOADS = 4  # objects uploaded to the store at once
TYPES = {".m4s": "video/mp4", ".mp4": "video/mp4", ".jpg": "image/jpeg", ".vtt": "text/vtt"}


def utc_now() -> datetime:
    return datetime.now(UTC)


T = TypeVar("T")


async def with_retries(call: Callable[[], Awaitable[T]]) -> T:
    """Call with retries until the database takes it: what was encoded is not encoded again because its disk
    was full for a minute. The job's deadline ends it, or its lease. Half a minute for any other error."""
    for pause in PAUSES:
        try:
            return await call()
        except DATABASE_ERRORS as error:
            log.warning("database unavailable", error=str(error), retry_in=pause)
            await asyncio.sleep(pause)
    while True:
        try:
            return await call()
        except DATABASE_ERRORS as error:
            if not isinstance(error, OSError) and trouble_of(error) is None:
                raise
            log.warning("database still unavailable", error=str(error), retry_in=PAUSES[-1])
            await asyncio.sleep(PAUSES[-1])


@dataclass(frozen=True)
class WorkerContext:
    database: Database
    store: ObjectStore
    queue: Queue
    tools: Tools
    scratch: Scratch
    worker: str  # workers.id
    threads: int  # per encoder
    timing: Timing = field(default_factory=Timing)
    encodes_short: bool = False  # parts of short lectures, when nothing in its own queue is due
    now: Callable[[], datetime] = utc_now


def _nice(claim: Claim) -> int:
    """Nice value of a job: first chunk highest, then audio, which is soon far ahead of it, then the rest."""
    match claim.kind, claim.number:
        case "chunk", number if number > 0:
            return 19
        case "audio", _:
            return 10
        case _:
            return 0


class JobLease:
    """Lease of a running job, with its progress and the objects it has stored."""

    def __init__(self, context: WorkerContext, claim: Claim) -> None:
        self.context, self.claim = context, claim
        self.lost = False
        self.encoded = asyncio.Event()  # no CPU work is left
        self.stored: list[str] = []  # keys that no row references yet
        self.digests: dict[str, Digest] = {}  # of all that was stored, by path below the video's folder
        self._progress: tuple[float, float | None] = (0.0, None)  # fraction 0-1, speed
        self._written: tuple[float, float | None] = self._progress

    def reporter(self, seconds: float) -> Callable[[Progress], None]:
        """Progress callback of a process that encodes `seconds` of the lecture."""

        def report(progress: Progress) -> None:
            self._progress = (round(min(progress.out_seconds / seconds, 1.0), 3), progress.speed)

        return report

    def limits(self) -> Limits:
        """Limits of one process of this job: spec section 6."""
        return Limits(
            seconds=self.claim.deadline.total_seconds(),
            output_bytes=3 * self.claim.source_bytes + 2**30,
            nice=_nice(self.claim),
        )

    async def put(self, files: dict[str, Path]) -> None:
        """Move local files into the store. Keys are recorded first, so that a failed attempt deletes them."""
        self.stored += files
        limit = asyncio.Semaphore(PARALLEL_UPLOADS)

        async def adopt(key: str, path: Path) -> None:
            async with limit:
                await self.put_image(key, path)

        async with asyncio.TaskGroup() as group:
            for key, path in files.items():
                group.create_task(adopt(key, path))

    async def put_image(self, key: str, path: Path) -> None:
        """Move a local file into the store, under a name that stays also when the attempt fails.

        Its hash is taken before it is stored, so that nothing which happens to it there is taken for right.
        """
        digest = await asyncio.to_thread(_digest, path)
        await self.context.store.adopt_file(key, path, TYPES[path.suffix])
        self.digests[keys.path_in_video(key)] = digest

    async def put_text(self, key: str, text: str) -> None:
        data = text.encode()
        await self.context.store.put_bytes(key, data, TYPES[PurePosixPath(key).suffix])
        self.digests[keys.path_in_video(key)] = Digest(len(data), hashlib.sha256(data).hexdigest())

    def keep(self) -> None:
        """Keep the stored objects: a row references them now."""
        self.stored.clear()

    async def drop_stored(self) -> None:
        """Delete unreferenced objects of this attempt; on errors they are left to the finish job."""
        if not self.stored:
            return
        try:
            async with self.context.database.read() as session:
                if await leases.is_complete(session, self.claim):
                    return
            for key in self.stored:
                await self.context.store.delete(key)
        except (StoreError, *DATABASE_ERRORS) as error:
            log.warning("unreferenced objects not deleted", error=str(error))
        self.keep()

    async def watch(self, step: "asyncio.Task[Any]") -> None:
        """Renew the lease until cancelled; cancel the step when the lease is lost."""
        renewed = monotonic()
        while True:
            await asyncio.sleep(self.context.timing.watch)
            due = monotonic() - renewed >= self.context.timing.renew
            try:
                if due or self._progress != self._written:
                    self._written = self._progress
                    fraction, speed = self._written
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
            except DATABASE_ERRORS as error:  # go on: the fence protects every write
                log.warning("lease renewal failed", error=str(error))


def _digest(path: Path) -> Digest:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Digest(os.fstat(file.fileno()).st_size, sha256)
