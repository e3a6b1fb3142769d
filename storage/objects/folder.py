"""Folder object store: key `a/b` is the plain file `a/b`."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from threading import Event
from typing import BinaryIO

from storage.objects.files import copy, landing_at, rename, stoppable, temporary_beside, write_whole
from storage.objects.keys import CHECKS, checked_folder
from storage.objects.store import ObjectInfo, ObjectMissing, StoreUnavailable, UploadForm
from storage.objects.tree import Tree

PAGE = 1000  # objects listed per thread call
PIECE = 256 * 1024  # bytes streamed at a time


class FolderStore:
    def __init__(self, root: Path) -> None:
        self._tree = Tree(root)

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> ObjectInfo:  # noqa: ARG002
        def fill(file: BinaryIO, _stop: Event) -> None:
            file.write(data)

        return await self._put(key, fill)

    async def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:  # noqa: ARG002
        def fill(file: BinaryIO, stop: Event) -> None:
            with path.open("rb") as source:
                size = os.fstat(source.fileno()).st_size
                if copy(source, file, stop) != size:
                    raise StoreUnavailable(f"{path} changed while it was stored.")

        path.stat()  # a missing source file is the caller's error, not the store's
        return await self._put(key, fill)

    async def adopt_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        tree, place = self._tree, self._tree.place(key)

        def move(_stop: Event) -> ObjectInfo:
            with tree.errors():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
                return tree.publish(path, place)

        if not os.path.lexists(path) and (stored := await self.stat(key)):
            return stored
        facts = path.lstat()
        if not S_ISREG(facts.st_mode):
            raise ValueError(f"{path} is not a plain file.")
        with tree.errors():
            same_disk = facts.st_dev == tree.incoming.stat().st_dev
        if same_disk:
            return await stoppable(move)
        info = await self.put_file(key, path, content_type)
        path.unlink(missing_ok=True)  # may have been deleted during the copy
        return info

    async def get_bytes(self, key: str) -> bytes:
        place = self._tree.place(key)

        def read(_stop: Event) -> bytes:
            with self._tree.errors(place):
                return place.read_bytes()

        return await stoppable(read)

    async def fetch(self, key: str, to: Path) -> ObjectInfo:
        place = self._tree.place(key)

        def run(stop: Event) -> ObjectInfo:
            with self._tree.errors(place):
                source = place.open("rb")
            with source, landing_at(to):
                facts = os.fstat(source.fileno())

                def fill(file: BinaryIO) -> None:
                    if copy(source, file, stop) != facts.st_size:
                        raise StoreUnavailable(f"{place} is shorter than expected.")

                write_whole(temporary_beside(to), fill, lambda draft: rename(draft, to))
                return self._tree.describe(place, facts)

        return await stoppable(run)

    async def stream(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        place = self._tree.place(key)
        with self._tree.errors(place):
            file = place.open("rb")
        with file, self._tree.errors():
            size = max(0, os.fstat(file.fileno()).st_size - start)
            left = size if length is None else min(length, size)
            file.seek(start)

            def read(_stop: Event) -> bytes:
                return file.read(min(PIECE, left))

            while left:
                piece = await stoppable(read)
                if not piece:
                    raise StoreUnavailable(f"{place} is shorter than expected.")
                left -= len(piece)
                yield piece

    async def stat(self, key: str) -> ObjectInfo | None:
        place = self._tree.place(key)
        try:
            with self._tree.errors(place):
                facts = place.lstat()
        except ObjectMissing:
            return None
        return self._tree.describe(place, facts) if S_ISREG(facts.st_mode) else None

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        objects = self._tree.walk(prefix)
        while page := await stoppable(lambda _stop: tuple(islice(objects, PAGE))):
            for item in page:
                yield item

    async def delete(self, key: str) -> None:
        with suppress(ObjectMissing):
            self._tree.remove(self._tree.place(key))

    async def delete_prefix(self, prefix: str) -> int:
        checked_folder(prefix)

        def run(_stop: Event) -> int:
            deleted = 0
            for item in self._tree.walk(prefix):
                with suppress(ObjectMissing):
                    self._tree.remove(self._tree.place(item.key))
                    deleted += 1
            return deleted

        return await stoppable(run)

    def local_path(self, key: str) -> Path | None:
        return self._tree.place(key)

    async def presigned_form(
        self,
        key: str,  # noqa: ARG002
        *,
        max_bytes: int,  # noqa: ARG002
        expires_at: datetime,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
    ) -> UploadForm | None:
        return None

    async def free_bytes(self) -> int | None:
        with self._tree.errors():
            return shutil.disk_usage(self._tree.root).free

    async def check(self) -> None:
        key, data = CHECKS + secrets.token_hex(8), secrets.token_bytes(64)
        written = await self.put_bytes(key, data, "application/octet-stream")
        if await self.get_bytes(key) != data:
            raise StoreUnavailable(f"{self._tree.root} returns other bytes than were stored.")
        await self.delete(key)
        self._tree.sweep(written.modified)

    async def create(self) -> None:
        """The folder was created with this object."""

    async def holds_objects(self) -> bool:
        def run(_stop: Event) -> bool:
            return any(not item.key.startswith(CHECKS) for item in self._tree.walk(""))

        return await stoppable(run)

    async def close(self) -> None:
        """Nothing is kept open between calls."""

    async def _put(self, key: str, fill: Callable[[BinaryIO, Event], None]) -> ObjectInfo:
        tree, place = self._tree, self._tree.place(key)

        def run(stop: Event) -> ObjectInfo:
            with tree.errors():
                return write_whole(
                    tree.draft(), lambda file: fill(file, stop), lambda draft: tree.publish(draft, place)
                )

        return await stoppable(run)
