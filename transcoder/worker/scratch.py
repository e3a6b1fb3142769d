"""A worker's own disk: originals fetched once per machine, and folders that last as long as a job.

Shared by all worker processes of a machine, held together by `flock`: the kernel lets go of a
dead process's locks, so nothing is left locked or forgotten.

    originals/{digest}{suffix}   and .lock beside it: exclusive while fetching, shared while in use
    jobs/{process}/.lock         held as long as the process lives
    jobs/{process}/{job}.{take}/ what ffmpeg writes before it is stored
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path, PurePosixPath
from uuid import uuid4

from storage.objects.store import ObjectStore, StoreFull

POLL_SECONDS = 0.1  # flock has no way to wait without a thread


class ScratchFull(Exception):
    """`str()` is a sentence for the administrator."""


class ScratchBusy(Exception):
    """Worth another try when other jobs have ended."""


class Scratch:
    def __init__(self, folder: Path, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        self._start = folder / ".start"
        self.originals = folder / "originals"
        self.jobs = folder / "jobs"
        self.originals.mkdir(parents=True, exist_ok=True)
        self.jobs.mkdir(parents=True, exist_ok=True)
        self.own = self.jobs / uuid4().hex
        self._remove_dead()
        with _locked(self._start):
            self.own.mkdir()
            self._alive = _open(self.own / ".lock")
            fcntl.flock(self._alive, fcntl.LOCK_EX)

    def close(self) -> None:
        shutil.rmtree(self.own, ignore_errors=True)
        os.close(self._alive)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.jobs).free

    @asynccontextmanager
    async def job_folder(self, job_id: str, attempt: int) -> AsyncIterator[Path]:
        """Empty at first, gone afterwards, whatever happens."""
        await asyncio.to_thread(self._remove_dead)
        folder = self.own / f"{job_id}.{attempt}"
        folder.mkdir()
        try:
            yield folder
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    @asynccontextmanager
    async def original(self, store: ObjectStore, key: str, size: int) -> AsyncIterator[Path]:
        """The whole original as a local file, kept there while it is used.

        Raises ScratchFull, ScratchBusy, StoreError; ObjectMissing when it is not in the store.
        """
        local = store.local_path(key)
        if local is not None:
            yield local
            return
        path = self.originals / _name(key)
        lock = _open(path.with_suffix(".lock"))
        try:
            await self._fetch_once(store, key, path, size, lock)
            os.utime(path)
            yield path
        finally:
            os.close(lock)

    async def _fetch_once(self, store: ObjectStore, key: str, path: Path, size: int, lock: int) -> None:
        """Returns with a shared lock and the file in place."""
        while True:
            await _flock(lock, fcntl.LOCK_SH)
            if path.exists():
                return
            await _flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                await asyncio.to_thread(self._make_room, size)
                part = self.own / f"{path.name}.{uuid4().hex}"  # ours, so that a dead fetch is cleared up
                await store.fetch(key, part)
                part.replace(path)

    def _make_room(self, size: int) -> None:
        """Drop the originals that were used longest ago and are not in use."""
        if size > self.cap_bytes:
            raise ScratchFull(
                f"The original has {size} bytes and the workers' scratch folder may hold {self.cap_bytes}."
                " Raise SKILLSTUDIO_SCRATCH_BYTES."
            )
        kept = [(entry, entry.stat()) for entry in self.originals.iterdir() if entry.suffix != ".lock"]
        total = sum(stat.st_size for _, stat in kept)
        for entry, stat in sorted(kept, key=lambda item: item[1].st_mtime):
            if total + size <= self.cap_bytes and shutil.disk_usage(self.originals).free > size:
                return
            if _remove_unused(entry):
                total -= stat.st_size
        if total + size > self.cap_bytes:
            raise ScratchBusy("The workers' scratch folder is full of originals that are in use.")
        if shutil.disk_usage(self.originals).free <= size:
            raise StoreFull("There is no room on this worker's disk for the original.")

    def _remove_dead(self) -> None:
        """Folders of processes that ended without clearing up."""
        with _locked(self._start):  # nobody clears up between a new folder and its lock
            for folder in self.jobs.iterdir():
                with suppress(FileNotFoundError), _locked(folder / ".lock", fcntl.LOCK_NB) as free:
                    if free:
                        shutil.rmtree(folder, ignore_errors=True)


def _name(key: str) -> str:
    """The suffix stays, because some demuxers look at it."""
    return hashlib.sha256(key.encode()).hexdigest()[:32] + (PurePosixPath(key).suffix or ".bin")


async def _flock(lock: int, kind: int) -> None:
    while True:
        try:
            return fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(POLL_SECONDS)


def _remove_unused(original: Path) -> bool:
    with _locked(original.with_suffix(".lock"), fcntl.LOCK_NB) as free:
        if free:
            original.unlink(missing_ok=True)
    return free


def _open(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)


@contextmanager
def _locked(path: Path, how: int = 0) -> Iterator[bool]:
    """Whether the lock is ours alone; with LOCK_NB it is False at once when somebody has it."""
    lock = _open(path)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | how)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)
