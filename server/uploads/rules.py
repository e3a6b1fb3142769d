"""What may come in, for how long, and what it is called. Pure."""

from datetime import datetime, timedelta
from pathlib import PurePosixPath

from server.core.errors import Invalid, NoRoom, TooLarge

RESERVE_BYTES = 2**30  # left free for the database, logs and the rest of the machine
FORM_LIFETIME = timedelta(hours=12)
STORING_LIMIT = timedelta(days=2)  # a way into the store that takes longer belongs to a process that died
NAME_LIMIT = 255
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def admit(size: int, *, max_upload_bytes: int, free: int, promised: int) -> None:
    """Refuse before the first byte what could not be kept to the last one.

    `promised` is what uploads under way have announced and not yet sent.
    Raises Invalid, TooLarge or NoRoom.
    """
    if size <= 0:
        raise Invalid("The file is empty. Choose the file with the recording in it.")
    if size > max_upload_bytes:
        raise TooLarge(
            f"The file has {human_size(size)}; the largest that is accepted here is "
            f"{human_size(max_upload_bytes)}. "
            "Export it at a lower bit rate, or ask an administrator to raise the limit."
        )
    if size + promised + RESERVE_BYTES > free:
        room = max(0, free - promised - RESERVE_BYTES)
        raise NoRoom(
            f"The server has room for {human_size(room)} more, and the file has {human_size(size)}. "
            "Ask an administrator to free disk space, then try again."
        )


def clean_filename(name: str) -> str:
    """The last part of a path from any system, without control characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable()).strip()[-NAME_LIMIT:]


def title_from(filename: str) -> str:
    """`03_sorting-networks.mp4` -> `03 sorting networks`."""
    stem = PurePosixPath(clean_filename(filename)).stem
    words = stem.replace("_", " ").replace("-", " ").split()
    return " ".join(words) or stem or "Lesson"


def expiry(now: datetime, days: int) -> datetime:
    return now + timedelta(days=days)


def last_arrival(now: datetime, expires_at: datetime) -> datetime:
    """When no bytes can come any more for an upload that is given up now: a form that was handed
    out is good until it expires, and a file may be on its way into the store."""
    return max(now + STORING_LIMIT, expires_at)


def human_size(size: int) -> str:
    """In the units people see in their file manager: 1.4 GB is 1.4 × 10⁹ bytes."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 99.95 else 0
    return f"{value:.{digits}f} {UNITS[unit]}"
