"""Single-instance lock of a data folder: an flock, released by the kernel however its holder ends."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

UP = "SkillStudio"  # lock name of `skillstudio up`


class AlreadyRuns(click.ClickException):
    pass


@contextmanager
def only_instance(folder: Path, name: str, address: str) -> Iterator[None]:
    """Exclusive lock during the context. Raises AlreadyRuns with the holder's process id and `address`."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(_refusal(os.pread(handle, 500, 0).decode(), folder, name)) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {address}".encode(), 0)
        yield
    finally:
        os.close(handle)  # the file stays: removing it would let two starts lock two files


def machine_tag(folder: Path) -> str:
    """Six random hex digits that stay with a data folder, for names that must differ between machines of one
    host name: cloned ones, and containers."""
    path = folder / "machine"
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        return path.read_text()
    with suppress(FileExistsError):
        own = folder / f"machine.{os.getpid()}.new"
        own.write_text(secrets.token_hex(3))
        try:
            os.link(own, path)  # whole, and only for the first of several processes
        finally:
            own.unlink()
    return path.read_text()


def holder(folder: Path, name: str) -> str | None:
    """Holder of the lock, as "process 123, http://localhost:8000"; None when it is free."""
    content = _content(folder, name)
    return None if content is None else _described(content)


def address(folder: Path, name: str) -> str | None:
    """Address given by the holder of the lock; None when it is free."""
    content = _content(folder, name)
    return content and content.partition(" ")[2]


def _content(folder: Path, name: str) -> str | None:
    try:
        handle = os.open(folder / f"{name}.lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return os.pread(handle, 500, 0).decode()
    finally:
        os.close(handle)


def _described(content: str) -> str:
    pid, _, address = content.partition(" ")
    return f"process {pid or 'unknown'}, {address}"


def _refusal(content: str, folder: Path, name: str) -> str:
    return (
        f"{name} already runs on the data folder {folder.parent} ({_described(content)}). "
        f"End that one first, or choose another folder with --data."
    )
