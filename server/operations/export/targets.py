"""Targets of an export, a folder or a tar file. Both appear under their name when they are complete."""

import fcntl
import os
import shutil
import tarfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from server.core.errors import Conflict
from storage.messages import N_

MARKER = ".skillstudio-export"  # in a draft folder; locked while an export writes there
BLOCK = tarfile.RECORDSIZE  # bytes; a tar file is a multiple of it


class Target(Protocol):
    def has(self, path: str, size: int) -> bool:
        """Whether an interrupted run has left this file complete."""
        ...

    async def write(self, path: str, size: int, content: AsyncIterator[bytes]) -> None:
        """Write a file. Raises OSError, also when `content` has another size."""
        ...

    def keep_only(self, folder: str, marker: str) -> None:
        """Begin a folder: what an interrupted run put there for another marker is deleted."""
        ...

    def complete(self) -> None: ...

    def close(self) -> None: ...


def open_target(path: Path, now: datetime) -> Target:
    """Raises Conflict when there is something under this name."""
    tar = path.suffix == ".tar"
    if path.exists() and (tar or not path.is_dir() or any(path.iterdir())):
        raise Conflict(
            N_("%(path)s is there already. Name a new file or an empty folder for the export."),
            path=str(path),
        )
    if not tar and path.is_mount():  # the export is written beside it first, on another disk
        raise Conflict(N_("%(path)s is a disk of its own. Name a new folder on it."), path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    return TarTarget(path, now) if tar else FolderTarget(path)


def partial(path: Path) -> Path:
    """Name until it is complete."""
    return path.with_name(f"{path.name}.partial")


class FolderTarget:
    """Folder. A run that was interrupted goes on where it stopped: objects never change once stored."""

    def __init__(self, path: Path) -> None:
        self._path, self._draft = path, partial(path)
        self._written: set[str] = set()
        self._folders: set[str] = set()
        self._claim = _claim(self._draft)

    def has(self, path: str, size: int) -> bool:
        place = self._draft / path
        return place.is_file() and place.stat().st_size == size

    async def write(self, path: str, size: int, content: AsyncIterator[bytes]) -> None:
        place = self._draft / path
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place.with_name(f".{place.name[-200:]}.new")
        with _new(draft) as file:
            await _copy(file, path, size, content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
        self._written.add(path)

    def keep_only(self, folder: str, marker: str) -> None:
        place = self._draft / folder
        known = place / ".revision"
        if place.exists() and not (known.is_file() and known.read_text() == marker):
            shutil.rmtree(place)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        known.write_text(marker)
        self._folders.add(folder)

    def complete(self) -> None:
        self._tidy()
        if self._path.exists():
            self._path.rmdir()  # empty
        self._draft.rename(self._path)

    def _tidy(self) -> None:
        """Delete what earlier runs left: lessons that are gone by now, unfinished files, our markers."""
        for lesson in self._draft.glob("media/*/*"):
            if str(lesson.relative_to(self._draft)) not in self._folders:
                shutil.rmtree(lesson)
        for file in [*self._draft.rglob(".*.new"), *self._draft.glob("media/*/*/.revision")]:
            file.unlink()
        for file in self._draft.iterdir():
            if file.is_file() and file.name not in self._written:
                file.unlink()
        for course in self._draft.glob("media/*"):
            if not any(course.iterdir()):
                course.rmdir()

    def close(self) -> None:
        """The draft stays for the next run."""
        os.close(self._claim)


def _claim(draft: Path) -> int:
    """Lock of a draft folder, held while the descriptor is open. Raises Conflict when another export holds
    it, or when it is no draft of ours."""
    marker = draft / MARKER
    if draft.exists() and not marker.exists() and any(draft.iterdir()):
        raise Conflict(
            N_("%(path)s is there and is no unfinished export. Move it, or name another folder."),
            path=str(draft),
        )
    draft.mkdir(mode=0o700, exist_ok=True)
    claim = os.open(marker, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        raise Conflict(N_("Another export is writing to %(path)s."), path=str(draft)) from None
    return claim


class TarTarget:
    """POSIX tar file, written from beginning to end; an interrupted one is begun anew."""

    def __init__(self, path: Path, now: datetime) -> None:
        self._path, self._draft, self._now = path, partial(path), now
        self._file = _new(self._draft)

    def has(self, path: str, size: int) -> bool:  # noqa: ARG002
        return False

    async def write(self, path: str, size: int, content: AsyncIterator[bytes]) -> None:
        header = tarfile.TarInfo(f"{self._path.stem}/{path}")
        header.size, header.mtime, header.mode = size, int(self._now.timestamp()), 0o600
        self._file.write(header.tobuf(tarfile.PAX_FORMAT))
        await _copy(self._file, path, size, content)
        self._file.write(bytes(-size % tarfile.BLOCKSIZE))

    def keep_only(self, folder: str, marker: str) -> None: ...

    def complete(self) -> None:
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))
        self._file.write(bytes(-self._file.tell() % BLOCK))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.rename(self._path)

    def close(self) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)


def _new(path: Path) -> BinaryIO:
    """Only for the user who runs the export: it holds addresses of people."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


async def _copy(file: BinaryIO, path: str, size: int, content: AsyncIterator[bytes]) -> None:
    written = 0
    async for block in content:
        written += file.write(block)
    if written != size:
        raise OSError(f"{path} has {written} bytes instead of {size}.")
