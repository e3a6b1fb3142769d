"""Atomic file writes, and blocking file work that can be cancelled."""

import asyncio
import errno
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import BinaryIO, TypeVar

from storage.objects.store import StoreFull, StoreUnavailable

BLOCK = 1024 * 1024  # bytes copied at a time; a cancelled copy ends after at most one block
STALE = timedelta(days=1)  # an older unfinished write belongs to a process that died
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

T = TypeVar("T")


class Stopped(Exception):
    """Raised in a worker thread whose call was cancelled; never reaches a caller."""


async def stoppable(call: Callable[[Event], T], executor: Executor | None = None) -> T:
    """Run `call` in a thread. Cancelling returns at once and sets the event that `call` polls."""
    stop = Event()
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, call, stop)
    except asyncio.CancelledError:
        stop.set()
        raise


class StoppableReader:
    """File reader that raises Stopped once the event is set."""

    def __init__(self, file: BinaryIO, stop: Event) -> None:
        self._file, self._stop = file, stop

    def read(self, size: int) -> bytes:
        if self._stop.is_set():
            raise Stopped
        return self._file.read(size)


def copy(source: BinaryIO, target: BinaryIO, stop: Event) -> int:
    """Copy to the end of `source`; returns the number of bytes."""
    reader, copied = StoppableReader(source, stop), 0
    while block := reader.read(BLOCK):
        copied += target.write(block)
    return copied


def write_whole(temporary: Path, fill: Callable[[BinaryIO], None], publish: Callable[[Path], T]) -> T:
    """Atomic write: fill a temporary file, fsync it, then let `publish` rename it.

    A power cut therefore leaves no file of zeros under the final name. On any error the
    temporary file is deleted.
    """
    try:
        with temporary.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        return publish(temporary)
    finally:
        temporary.unlink(missing_ok=True)


def rename(path: Path, to: Path) -> None:
    path.replace(to)
    sync_folder(to.parent)


def temporary_beside(to: Path) -> Path:
    return to.with_name(f".{secrets.token_hex(8)}.part")


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that its entries are on disk; fsync of a file does not do that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def landing_at(to: Path) -> Iterator[None]:
    """Translate OSErrors at the target of a fetch into store errors."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull(f"There is no room left in {to.parent}.") from error
        raise StoreUnavailable(f"{to.parent} cannot be written: {error.strerror or error}.") from error
