"""Upload spool: unfinished uploads on disk. A file's size is the only record of the upload's offset."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.core.errors import NoRoom
from server.uploads.errors import Busy
from server.uploads.rules import RESERVE_BYTES
from storage.messages import N_
from storage.objects.files import sync_folder

PART, FORM = ".part", ".form"
SYNC_EVERY = 64 * 2**20  # bytes between syncs, so that the last one of a large file is short


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, upload_id: str) -> Path:
        return self.folder / f"{upload_id}{PART}"

    def form_path(self, upload_id: str, attempt: str) -> Path:
        return self.folder / f"{upload_id}.{attempt}{FORM}"

    def size(self, upload_id: str) -> int | None:
        """Bytes received; None when there is no file."""
        try:
            return self.path(upload_id).stat().st_size
        except FileNotFoundError:
            return None

    def create(self, upload_id: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path(upload_id).touch(mode=0o600)
        sync_folder(self.folder)

    def remove(self, upload_id: str) -> None:
        self.path(upload_id).unlink(missing_ok=True)
        for path in self.folder.glob(f"{upload_id}.*{FORM}"):
            path.unlink(missing_ok=True)

    def open(self, upload_id: str) -> "SpoolWriter":
        """Open and lock for writing. Raises Busy while another process or task writes,
        FileNotFoundError when there is no file."""
        return SpoolWriter(self.path(upload_id))

    def free_bytes(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free

    def files(self) -> Iterator[tuple[str, Path]]:
        """(upload id, path) of every file."""
        if self.folder.is_dir():
            for path in sorted(self.folder.iterdir()):
                yield path.name.partition(".")[0], path


DISK_FULL = N_(
    "The server's disk is full. The part received so far is kept: ask an administrator to free space, "
    "then the upload goes on."
)


class SpoolWriter:
    """Exclusive lock on a spool file, held until `close`. Blocking: call it in a thread."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        self._file = os.open(path, flags, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.path.samestat(os.stat(path), os.fstat(self._file))  # noqa: PTH116 - the current file of that name
        except BlockingIOError:
            os.close(self._file)
            raise Busy(
                N_("Another connection is still sending this upload. Try again in a moment.")
            ) from None
        except BaseException:
            os.close(self._file)
            raise
        if not same:  # moved into the store between the open and the lock
            os.close(self._file)
            raise FileNotFoundError(path)
        self.offset = os.lseek(self._file, 0, os.SEEK_END)
        self._synced = self.offset

    def write(self, data: bytes | bytearray) -> None:
        """Write all of it. Raises NoRoom when the disk has no more than its reserve; what fitted is kept."""
        disk = os.fstatvfs(self._file)
        if disk.f_bavail * disk.f_frsize - len(data) < RESERVE_BYTES:
            raise NoRoom(DISK_FULL)
        view = memoryview(data)
        try:
            while view:
                written = os.write(self._file, view)
                self.offset += written
                view = view[written:]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom(DISK_FULL) from error
            raise
        if self.offset - self._synced >= SYNC_EVERY:
            self.sync()

    def rollback(self, offset: int) -> None:
        os.ftruncate(self._file, offset)
        self.offset = os.lseek(self._file, offset, os.SEEK_SET)
        self._synced = min(self._synced, offset)

    def sync(self) -> None:
        os.fdatasync(self._file)
        self._synced = self.offset

    def close(self) -> None:
        """Release the lock."""
        os.close(self._file)
