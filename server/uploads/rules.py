"""Admission, expiry and naming of uploads. Pure."""

from datetime import datetime, timedelta
from pathlib import PurePosixPath

from server.core.errors import Conflict, Invalid, NoRoom, TooLarge
from server.core.text.normalize import JOINERS, is_invisible
from storage.messages import N_, Figure, Unit, byte_size

RESERVE_BYTES = 2**30  # kept free for the database, logs and the rest of the machine
RESERVED_AHEAD = 256 * 2**20  # of space, for an upload that has just begun
OPEN_UPLOADS = 50  # unfinished ones of one person; a page sends one file after the other
FORM_LIFETIME = timedelta(hours=12)
STORING_LIMIT = timedelta(days=2)  # a transfer into the store that takes longer belongs to a dead process
NAME_LIMIT = 255


def admit(size: int, *, max_upload_bytes: int, free: int, promised: int) -> None:
    """Check before the first byte that the whole upload can be stored.

    `promised`: bytes that are reserved for open uploads, see `reserved`.
    Raises Invalid, TooLarge or NoRoom.
    """
    if size <= 0:
        raise Invalid(N_("The file is empty. Choose the file with the recording in it."))
    if size > max_upload_bytes:
        raise TooLarge(
            N_(
                "The file has %(size)s; the largest that is accepted here is %(limit)s. "
                "Export it at a lower bit rate, or ask an administrator to raise the limit."
            ),
            size=byte_size(size),
            limit=byte_size(max_upload_bytes),
        )
    if size + promised + RESERVE_BYTES > free:
        room = max(0, free - promised - RESERVE_BYTES)
        raise NoRoom(
            N_(
                "The server has room for %(room)s more, and the file has %(size)s. "
                "Ask an administrator to free disk space, then try again."
            ),
            room=byte_size(room),
            size=byte_size(size),
        )


def reserved(size: int, received: int) -> int:
    """Bytes of free space kept for an upload: the more of it has come, the more of the rest, so that uploads
    that are announced and never begun do not keep others out."""
    return max(0, min(size - received, received + RESERVED_AHEAD))


def allow_another(unfinished: int) -> None:
    """Check of the number of a person's unfinished uploads. Raises Conflict."""
    if unfinished >= OPEN_UPLOADS:
        raise Conflict(
            N_("You have %(count)s unfinished uploads. Resume or discard some of them first."),
            count=Figure(unfinished, Unit.NUMBER),
        )


def clean_filename(name: str) -> str:
    """Last component of a path of any operating system, without control characters. Joiners stay, with
    which Persian words and emoji are spelled."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in last if c.isprintable() or c in JOINERS).strip()[-NAME_LIMIT:]
    return "" if is_invisible(clean) else clean


def title_from(filename: str) -> str:
    """Lesson title: `03_sorting-networks.mp4` -> `03 sorting networks`."""
    stem = PurePosixPath(clean_filename(filename)).stem
    words = stem.replace("_", " ").replace("-", " ").split()
    return " ".join(words) or stem or "Lesson"


def expiry(now: datetime, days: int) -> datetime:
    return now + timedelta(days=days)


def last_arrival(now: datetime, expires_at: datetime) -> datetime:
    """Latest time at which bytes of an upload that ends now can reach the store: an issued form is
    valid until it expires, and a file may be in transfer."""
    return max(now + STORING_LIMIT, expires_at)
