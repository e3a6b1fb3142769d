"""Scratch folder of a machine: originals, fetched once, and a temporary folder per job.

Shared by all worker processes of a machine and synchronised by `flock`: the kernel releases a
dead process's locks, so no lock or folder is left behind.

    originals/{digest}{suffix}      with a .lock file: exclusive while fetching, shared while in use
    jobs/{process}/.lock            held as long as the process lives
    jobs/{process}/{job}.{attempt}/ output of ffmpeg before it is stored
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path, PurePosixPath
from uuid import uuid4

from storage.messages import MessageError
from storage.objects.store import ObjectStore, StoreFull
from transcoder.source import failures

POLL_SECONDS = 0.1  # a blocking flock would need a thread
REMOVALS = 20  # tries to delete a folder into which a thread still writes


class NoRoom(MessageError):
    """Less room than this lecture needs, with a message for its instructor."""


class ScratchFull(MessageError):
    """Original larger than the scratch folder."""


class ScratchBusy(Exception):
    """Scratch folder full of originals in use; retry after other jobs have ended."""


class Scratch:
    def __init__(self, folder: Path, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        self._start = folder / ".start"
        self.originals = folder / "originals"
        self.jobs = folder / "jobs"
        self.originals.mkdir(parents=True, exist_ok=True)
        self.jobs.mkdir(parents=True, exist_ok=True)
        self.own = self.jobs / uuid4().hex
        self._in_use: set[Path] = set()  # folders of the jobs that run
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
        """Temporary folder of one attempt, empty at first and always deleted afterwards."""
        await asyncio.to_thread(self._remove_dead)
        folder = self.own / f"{job_id}.{attempt}"
        folder.mkdir()
        self._in_use.add(folder)
        try:
            yield folder
        finally:
            self._in_use.discard(folder)
            await asyncio.shield(asyncio.to_thread(self._remove_left))

    @asynccontextmanager
    async def original(self, store: ObjectStore, key: str, size: int) -> AsyncIterator[Path]:
        """Original as a complete local file, locked against eviction while in use.

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
        """Fetch the original unless present; returns with a shared lock on it."""
        while True:
            await _flock(lock, fcntl.LOCK_SH)
            if path.exists():
                return
            await _flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                await asyncio.to_thread(self._make_room, size)
                part = self.own / f"{path.name}.{uuid4().hex}"  # in our folder: deleted if we die
                await store.fetch(key, part)
                part.replace(path)

    def _make_room(self, size: int) -> None:
        """Evict least recently used originals that are not in use."""
        if size > self.cap_bytes:
            raise ScratchFull(failures.scratch_too_small(size, self.cap_bytes))
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
            raise StoreFull("This worker's disk has no space for the original.")

    def _remove_left(self) -> None:
        """Delete the folders of jobs that have ended. A thread of a cancelled job may write into its folder
        for a moment longer, so that what is left of one is deleted again a little later."""
        for _ in range(REMOVALS):
            left = [folder for folder in self.own.iterdir() if folder.is_dir() and folder not in self._in_use]
            if not left:
                return
            for folder in left:
                shutil.rmtree(folder, ignore_errors=True)
            if any(folder.exists() for folder in left):
                time.sleep(POLL_SECONDS)

    def _remove_dead(self) -> None:
        """Delete folders of dead processes."""
        with _locked(self._start):  # keeps others from deleting a new folder before it is locked
            for folder in self.jobs.iterdir():
                with suppress(FileNotFoundError), _locked(folder / ".lock", fcntl.LOCK_NB) as free:
                    if free:
                        shutil.rmtree(folder, ignore_errors=True)


def _name(key: str) -> str:
    """Local file name of an original; keeps the suffix, which some demuxers check."""
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
    """Exclusive lock on a file; yields False with LOCK_NB when it is held elsewhere."""
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
