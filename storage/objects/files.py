"""Local files that appear whole or not at all, and work on them that can be stopped."""

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

BLOCK = 1024 * 1024  # bytes copied at a time; a cancelled copy ends after at most one of these
STALE = timedelta(days=1)  # a write that takes longer belongs to a process that died
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

T = TypeVar("T")


class Stopped(Exception):
    """The call that this thread works for was cancelled; nobody is left to read this."""


async def stoppable(call: Callable[[Event], T], executor: Executor | None = None) -> T:
    """Run `call` in a thread. Cancelling returns at once and sets the event that `call` looks at."""
    stop = Event()
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, call, stop)
    except asyncio.CancelledError:
        stop.set()
        raise


class StoppableReader:
    """A file whose reader ends by an exception once the event is set."""

    def __init__(self, file: BinaryIO, stop: Event) -> None:
        self._file, self._stop = file, stop

    def read(self, size: int) -> bytes:
        if self._stop.is_set():
            raise Stopped
        return self._file.read(size)


def copy(source: BinaryIO, target: BinaryIO, stop: Event) -> int:
    """How many bytes there were."""
    reader, copied = StoppableReader(source, stop), 0
    while block := reader.read(BLOCK):
        copied += target.write(block)
    return copied


def write_whole(temporary: Path, fill: Callable[[BinaryIO], None], publish: Callable[[Path], T]) -> T:
    """Fill a file, put its bytes on the disk, and only then let `publish` give it its name.

    A power cut therefore leaves no file of zeros under a good name. Whatever goes wrong,
    the temporary file is gone afterwards.
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
    """Put the names in a folder on the disk; fsync of a file does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def landing_at(to: Path) -> Iterator[None]:
    """Turn the errors of the place that an object is fetched to into the store's."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StoreFull(f"There is no room left in {to.parent}.") from error
        raise StoreUnavailable(f"{to.parent} cannot be written: {error.strerror or error}.") from error
