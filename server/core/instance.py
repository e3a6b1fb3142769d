"""One start per data folder, by a lock that the kernel frees however its holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

UP = "SkillStudio"  # the name of `skillstudio up` among the locks


class AlreadyRuns(click.ClickException):
    pass


@contextmanager
def only_instance(folder: Path, name: str, address: str) -> Iterator[None]:
    """Raises AlreadyRuns, naming the process and what it said of itself in `address`."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(_held(os.pread(handle, 500, 0).decode(), folder, name)) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {address}".encode(), 0)
        yield
    finally:
        os.close(handle)  # the file stays: removing it would let two starts lock two files


def holder(folder: Path, name: str) -> str | None:
    """Who runs there now, as "process 123, http://localhost:8000"; None when nobody does."""
    said = _said(folder, name)
    return None if said is None else _named(said)


def address(folder: Path, name: str) -> str | None:
    """What it said of itself; None when nobody runs there."""
    said = _said(folder, name)
    return said and said.partition(" ")[2]


def _said(folder: Path, name: str) -> str | None:
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


def _named(content: str) -> str:
    pid, _, address = content.partition(" ")
    return f"process {pid or 'unknown'}, {address}"


def _held(content: str, folder: Path, name: str) -> str:
    return (
        f"{name} already runs on the data folder {folder.parent} ({_named(content)}). "
        f"End that one first, or choose another folder with --data."
    )
