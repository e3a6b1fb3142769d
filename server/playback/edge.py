"""Edge cache: with every store, an object is a file on this machine when it is sent.

Segments never change under their key (the attempt is in the name), so a copy never becomes stale. Images may
be made again under the same key: the store is asked for their time again after IMAGE_SECONDS.
"""

import asyncio
import hashlib
import os
import time
from datetime import datetime
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from server.core.clock import SystemClock
from storage.objects import keys
from storage.objects.store import ObjectMissing, ObjectStore, StoreFull, StoreUnavailable

FREED_SHARE = 0.1  # of the allowed bytes is freed in addition, so that not every miss has to evict
STALE = 3600  # seconds after which an unfinished fetch belongs to a dead process
IMAGE_SECONDS = 60.0
IMAGES_KNOWN = 10_000  # images whose time is remembered
TRIES = 3  # to return a file before other fetches evict it


class EdgeCache:
    """LRU cache in a folder of at most `max_bytes`; the mtime is the time of the last use.

    Several processes may share the folder: files appear whole, and an eviction counts the files
    of all. Each process keeps the cap by itself, so together they may exceed it until the next
    eviction.
    """

    def __init__(self, store: ObjectStore, folder: Path, max_bytes: int) -> None:
        self.store, self.folder, self.max_bytes = store, folder, max_bytes
        self._held: int | None = None  # bytes in the folder, as far as known; None: not counted yet
        self._reserved: dict[str, int] = {}  # bytes reserved for running fetches, by file name
        self._fetches: dict[str, asyncio.Task[None]] = {}
        self._images: dict[str, tuple[float, datetime]] = {}  # when asked, and the time of the object
        self._evicting = asyncio.Lock()

    async def path(self, key: str) -> Path:
        """Local file of an object. It may be evicted later: open it at once, or call again.

        Raises ObjectMissing, StoreUnavailable, and StoreFull when the object is larger than the cap, the
        disk is full or the folder cannot be used; `store.stream` still delivers it then.
        """
        if local := self.store.local_path(key):
            # Only the store tells an object that is missing from a disk that is away.
            if not _is_file(local) and await self.store.stat(key) is None:
                raise ObjectMissing(f"There is no object {key}.")
            return local
        path = self.folder / _name(key, None if keys.is_versioned(key) else await self._modified(key))
        for _ in range(TRIES):
            if _touch(path):
                return path
            await self._fetch_once(key, path)
        return path

    async def _modified(self, key: str) -> datetime:
        """Time of an image in the store, asked again after a while; while the store is away, as it was."""
        asked, modified = self._images.get(key, (0.0, None))
        if modified is None or time.monotonic() > asked + IMAGE_SECONDS:
            try:
                info = await self.store.stat(key)
            except StoreUnavailable:
                if modified is None:
                    raise
                return modified
            if info is None:
                raise ObjectMissing(f"There is no object {key}.")
            if len(self._images) >= IMAGES_KNOWN:
                self._images.clear()
            modified = info.modified
            self._images[key] = time.monotonic(), modified
        return modified

    async def close(self) -> None:
        for fetch in self._fetches.values():
            fetch.cancel()
        await asyncio.gather(*self._fetches.values(), return_exceptions=True)

    async def _fetch_once(self, key: str, path: Path) -> None:
        """One fetch for any number of requests; it continues when the first of them is cancelled."""
        fetch = self._fetches.get(path.name)
        if fetch is None:
            fetch = self._fetches[path.name] = asyncio.create_task(self._fetch(key, path))
            fetch.add_done_callback(lambda done: self._on_fetched(path.name, done))
        await asyncio.shield(fetch)

    def _on_fetched(self, name: str, fetch: asyncio.Task[None]) -> None:
        del self._fetches[name]
        if not fetch.cancelled():
            fetch.exception()  # retrieved even when every request was cancelled

    async def _fetch(self, key: str, path: Path) -> None:
        info = await self.store.stat(key)
        if info is None:
            raise ObjectMissing(f"There is no object {key}.")
        await self._reserve(path.name, info.size)
        try:
            await self._download(key, path)
            self._held = (self._held or 0) + info.size
        finally:
            del self._reserved[path.name]

    async def _download(self, key: str, path: Path) -> None:
        self._make_folder()  # anybody may delete a cache, also while its server runs
        try:
            await self.store.fetch(key, path)
        except StoreFull:  # the disk has less room than the cap allows
            await self._evict((self._held or 0) // 2)
            await self.store.fetch(key, path)

    async def _reserve(self, name: str, size: int) -> None:
        """Reserve `size` bytes once they fit under the cap."""
        if size > self.max_bytes:
            raise StoreFull(f"{size} bytes do not fit into {self.folder}, which may hold {self.max_bytes}.")
        while True:
            allowed = self.max_bytes - size - sum(self._reserved.values())
            if self._held is not None and self._held <= allowed:
                self._reserved[name] = size
                return
            if allowed < 0:  # running fetches reserve the whole cap: wait for one to finish
                running = [self._fetches[other] for other in self._reserved]
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            elif await self._evict(allowed) > allowed:
                raise StoreFull(f"{self.folder} holds files that cannot be deleted.")

    async def _evict(self, allowed: int) -> int:
        """Count the folder and reduce it to at most `allowed` bytes; returns the bytes it holds then."""
        async with self._evicting:
            before = self._held or 0
            left = await asyncio.to_thread(self._clear, allowed)
            arrived = max(0, (self._held or 0) - before)  # meanwhile: better counted twice than not at all
            self._held = left + arrived
            return left

    def _clear(self, allowed: int) -> int:
        self._make_folder()
        try:
            files = sorted(_files(self.folder))
            held = sum(size for _, size, _ in files)
            goal = allowed if held <= allowed else int(allowed * (1 - FREED_SHARE))
            for _, size, path in files:
                if held <= goal:
                    break
                path.unlink(missing_ok=True)
                held -= size
        except OSError as error:
            raise StoreFull(f"{self.folder} cannot be used: {error.strerror}.") from error
        return held

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFull(f"{self.folder} cannot be used: {error.strerror}.") from error


def _name(key: str, modified: datetime | None) -> str:
    """File name in one flat folder: no key can leave it, and no empty folders remain."""
    version = f"@{modified.isoformat()}" if modified else ""
    return hashlib.sha256((key + version).encode()).hexdigest() + PurePosixPath(key).suffix


def _touch(path: Path) -> bool:
    """Whether the file exists; if so, it is now evicted last."""
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now))
    except OSError:
        return _is_file(path)  # on a disk that takes no changes
    return True


def _is_file(path: Path) -> bool:
    try:
        return S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """(last use, bytes, path) of each whole file. Deletes unfinished fetches of dead processes."""
    found = []
    for path in folder.iterdir():
        try:
            stat = path.stat()
        except FileNotFoundError:  # evicted by another process
            continue
        if not path.name.startswith("."):
            found.append((stat.st_mtime, stat.st_size, path))
        elif stat.st_mtime < SystemClock().now().timestamp() - STALE:
            path.unlink(missing_ok=True)
    return found
