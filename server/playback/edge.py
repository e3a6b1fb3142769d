"""The edge: whatever the store, an object is a file on this machine when it is sent.

Objects never change under their key (the take is in the name), so a copy is good for ever.
"""

import asyncio
import hashlib
import os
import time
from pathlib import Path, PurePosixPath

from storage.objects.store import ObjectMissing, ObjectStore, StoreFull, StoreUnavailable

FREED_SHARE = 0.1  # of what may stay is freed with the rest, so that not every miss has to look for room
STALE = 3600  # seconds after which an unfinished fetch belongs to a process that died
TRIES = 3  # to hand out a file before others push it out again


class EdgeCache:
    """A folder of at most `max_bytes`; what was used longest ago, by its mtime, goes first.

    Several processes may share the folder: files appear whole, and whoever makes room counts
    the files of all. Each process holds to the cap by itself, so together they may pass it
    until the next time that room is made.
    """

    def __init__(self, store: ObjectStore, folder: Path, max_bytes: int) -> None:
        self.store, self.folder, self.max_bytes = store, folder, max_bytes
        self._held: int | None = None  # bytes in the folder, as far as we know; None: not looked yet
        self._coming: dict[str, int] = {}  # bytes promised to fetches under way, by file name
        self._fetches: dict[str, asyncio.Task[None]] = {}
        self._making_room = asyncio.Lock()

    async def path(self, key: str) -> Path:
        """Where the object's file is. It may be evicted later: open it now, or ask again.

        Raises ObjectMissing, StoreUnavailable, and StoreFull when the object is larger than the
        cap or the disk has no room; it can still be had from `store.stream` then.
        """
        if local := self.store.local_path(key):
            if not local.is_file():
                raise ObjectMissing(f"There is no object {key}.")
            return local
        path = self.folder / _name(key)
        for _ in range(TRIES):
            if _use(path):
                return path
            await self._fetch_once(key, path)
        return path

    async def close(self) -> None:
        for fetch in self._fetches.values():
            fetch.cancel()
        await asyncio.gather(*self._fetches.values(), return_exceptions=True)

    async def _fetch_once(self, key: str, path: Path) -> None:
        """However many ask, one fetch; it goes on when the one who asked first has left."""
        fetch = self._fetches.get(path.name)
        if fetch is None:
            fetch = self._fetches[path.name] = asyncio.create_task(self._fetch(key, path))
            fetch.add_done_callback(lambda done: self._ended(path.name, done))
        await asyncio.shield(fetch)

    def _ended(self, name: str, fetch: asyncio.Task[None]) -> None:
        del self._fetches[name]
        if not fetch.cancelled():
            fetch.exception()  # looked at even when everybody who asked has left

    async def _fetch(self, key: str, path: Path) -> None:
        info = await self.store.stat(key)
        if info is None:
            raise ObjectMissing(f"There is no object {key}.")
        await self._promise(path.name, info.size)
        try:
            await self._bring(key, path)
            self._held = (self._held or 0) + info.size
        finally:
            del self._coming[path.name]

    async def _bring(self, key: str, path: Path) -> None:
        try:
            await self.store.fetch(key, path)
        except StoreFull:  # the disk has less room than the cap allows
            await self._evict((self._held or 0) // 2)
            await self.store.fetch(key, path)

    async def _promise(self, name: str, size: int) -> None:
        """Set `size` bytes aside, once they fit under the cap."""
        if size > self.max_bytes:
            raise StoreFull(f"{size} bytes do not fit into {self.folder}, which may hold {self.max_bytes}.")
        while True:
            allowed = self.max_bytes - size - sum(self._coming.values())
            if self._held is not None and self._held <= allowed:
                self._coming[name] = size
                return
            if allowed < 0:  # all of the cap is on its way: wait for one to arrive
                under_way = [self._fetches[other] for other in self._coming]
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            elif await self._evict(allowed) > allowed:
                raise StoreFull(f"{self.folder} holds files that cannot be deleted.")

    async def _evict(self, allowed: int) -> int:
        """Count the folder and bring it to at most `allowed` bytes; returns what it holds then."""
        async with self._making_room:
            before = self._held or 0
            left = await asyncio.to_thread(self._clear, allowed)
            arrived = max(0, (self._held or 0) - before)  # meanwhile: better counted twice than not
            self._held = left + arrived
            return left

    def _clear(self, allowed: int) -> int:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            files = sorted(_files(self.folder))
            held = sum(size for _, size, _ in files)
            goal = allowed if held <= allowed else int(allowed * (1 - FREED_SHARE))
            for _, size, path in files:
                if held <= goal:
                    break
                path.unlink(missing_ok=True)
                held -= size
        except OSError as error:
            raise StoreUnavailable(f"{self.folder} cannot be used: {error.strerror}.") from error
        return held


def _name(key: str) -> str:
    """One flat folder: no key can leave it, and no empty folders stay behind."""
    return hashlib.sha256(key.encode()).hexdigest() + PurePosixPath(key).suffix


def _use(path: Path) -> bool:
    """Whether it is here; if so, it is now the last to go."""
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now))
    except FileNotFoundError:
        return False
    return True


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """(last use, bytes, path) of each whole file. Drops what a process that died was fetching."""
    found = []
    for path in folder.iterdir():
        try:
            facts = path.stat()
        except FileNotFoundError:  # evicted by another process
            continue
        if not path.name.startswith("."):
            found.append((facts.st_mtime, facts.st_size, path))
        elif facts.st_mtime < time.time() - STALE:
            path.unlink(missing_ok=True)
    return found
