"""File tree of `FolderStore`: paths of keys, atomic renames, error translation."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR

from storage.objects.files import FULL, STALE, sync_folder
from storage.objects.keys import checked, checked_prefix
from storage.objects.store import ObjectInfo, ObjectMissing, StoreFull, StoreUnavailable

INCOMING = ".incoming"  # in the root, so on the same file system as the objects; no key starts with a dot
TRIES = 100  # of a rename while concurrent deletes remove its folder
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


class Tree:
    """Root folder of the store, created here. Later, a missing root is an error: its disk is not mounted."""

    def __init__(self, root: Path) -> None:
        self.incoming = root.resolve() / INCOMING
        self.incoming.mkdir(parents=True, exist_ok=True)
        self.root = self.incoming.parent

    def place(self, key: str) -> Path:
        """Path of an object. Raises ValueError for an invalid key or a symbolic link in the path."""
        place = self.root / checked(key)
        if place.resolve() != place:
            raise ValueError(f"The path of {key!r} contains a symbolic link.")
        return place

    def draft(self) -> Path:
        return self.incoming / secrets.token_hex(8)

    def publish(self, path: Path, place: Path) -> ObjectInfo:
        """Rename a file to its final path. Retries when a concurrent delete removes the folder."""
        for _ in range(TRIES):
            facts = path.stat()
            try:
                self._make_folders(place.parent)
                path.replace(place)
            except IsADirectoryError:
                raise ValueError(f"{place.relative_to(self.root)} is a folder, not an object.") from None
            except FileNotFoundError:
                self._still_mounted()
            else:
                with suppress(FileNotFoundError):  # deleted since, together with its folder
                    sync_folder(place.parent)
                return self.describe(place, facts)
        raise StoreUnavailable(f"{place.parent} keeps being deleted by other processes.")

    def describe(self, place: Path, facts: os.stat_result) -> ObjectInfo:
        modified = datetime.fromtimestamp(facts.st_mtime, UTC)
        return ObjectInfo(key=place.relative_to(self.root).as_posix(), size=facts.st_size, modified=modified)

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix`."""
        folder = checked_prefix(prefix).rpartition("/")[0]
        return self._walk(self.place(folder) if folder else self.root, prefix)

    def _walk(self, folder: Path, prefix: str) -> Iterator[ObjectInfo]:
        for entry in self._entries(folder):
            path = folder / entry.name
            key = path.relative_to(self.root).as_posix()
            if entry.is_dir(follow_symlinks=False):
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._walk(path, prefix)
            elif key.startswith(prefix):
                with suppress(FileNotFoundError):  # deleted since
                    yield self.describe(path, entry.stat(follow_symlinks=False))

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        with self.errors():
            try:
                with os.scandir(folder) as entries:
                    return [e for e in entries if not e.name.startswith(".") and not e.is_symlink()]
            except (FileNotFoundError, NotADirectoryError):
                self._still_mounted()
                return []

    def remove(self, place: Path) -> None:
        """Delete a file and the folders left empty. Raises ObjectMissing."""
        with self.errors(place):
            place.unlink()
        for folder in place.parents:
            if folder == self.root:
                break
            try:
                folder.rmdir()
            except OSError:  # not empty, or already gone
                break

    def sweep(self, now: datetime) -> None:
        """Delete unfinished files of processes that died. `now` is by the clock that dates the files."""
        oldest = (now - STALE).timestamp()
        with self.errors():
            for path in self.incoming.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < oldest:
                        path.unlink()

    @contextmanager
    def errors(self, place: Path | None = None) -> Iterator[None]:
        """Translate OSErrors into store errors; ObjectMissing only where a `place` is given."""
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                raise StoreFull(f"There is no room left in {self.root}.") from error
            if place and error.errno in NOT_THERE:
                self._still_mounted()
                raise ObjectMissing(f"There is no object {place.relative_to(self.root)}.") from error
            raise StoreUnavailable(f"{self.root} cannot be used: {error.strerror or error}.") from error

    def _still_mounted(self) -> None:
        if not self.incoming.is_dir():
            raise StoreUnavailable(f"{self.root} is gone. Is its disk mounted?")

    def _make_folders(self, folder: Path) -> None:
        at = self.root
        for name in folder.relative_to(self.root).parts:
            at = at / name
            try:
                at.mkdir()
            except FileExistsError:
                if not S_ISDIR(at.lstat().st_mode):
                    raise ValueError(f"{at.relative_to(self.root)} is an object, not a folder.") from None
            else:
                sync_folder(at.parent)
