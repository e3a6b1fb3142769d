"""The only place that spells object names.

    originals/{lesson}/{upload}{suffix}          as uploaded, never touched
    videos/{video}/{rendition}/init.{take}.mp4   fMP4 header
    videos/{video}/{rendition}/{number}.{take}.m4s
    videos/{video}/poster.jpg
    videos/{video}/storyboard/{sheet}.jpg and storyboard.vtt
    videos/{video}/tiles/{tile}.{take}.jpg       storyboard frames before they are sheets
    videos/{video}/normalised.mkv                what is encoded when the original has no index

`take` is the fence of the job that made the object, so a worker that wakes up late
writes beside the published set and never over it.
"""

from pathlib import PurePosixPath

ORIGINALS = "originals/"
VIDEOS = "videos/"
CHECKS = "checks/"  # what a check of the store puts there and takes away again

POSTER = "poster.jpg"  # these two relative to the video, as addresses name them
STORYBOARD = "storyboard/storyboard.vtt"

KEY_BYTES = 1024  # bytes of UTF-8, S3's own limit
LONGEST_NAME = 255  # bytes between two slashes, what file systems take


def checked(key: str) -> str:
    """The key itself, if every store can hold it and it stays inside.

    Raises ValueError. Names that start with a dot are refused too: the folder store keeps
    its own things under such names, and `..` is one of them.
    """
    names = key.split("/")
    if (
        len(key.encode()) > KEY_BYTES
        or any(not name or name.startswith(".") or len(name.encode()) > LONGEST_NAME for name in names)
        or any(not character.isprintable() or character == "\\" for character in key)
    ):
        raise ValueError(f"{key!r} cannot be the name of an object.")
    return key


def checked_prefix(prefix: str) -> str:
    """The beginning of a key: whole folders, then any beginning of a name. Raises ValueError."""
    folder = prefix.rpartition("/")[0]
    if folder or prefix.startswith("/"):
        checked(folder)
    return prefix


def checked_folder(prefix: str) -> str:
    """A prefix that means everything under one folder: it ends in a slash. Raises ValueError."""
    if not prefix.endswith("/"):
        raise ValueError(f"{prefix!r} should end in a slash.")
    checked(prefix.removesuffix("/"))
    return prefix


def original(lesson_id: str, upload_id: str, filename: str) -> str:
    """The suffix is kept because some demuxers look at it; nothing else of the name is."""
    suffix = PurePosixPath(filename).suffix.lower()
    safe = suffix if suffix[1:].isalnum() and len(suffix) <= 6 and suffix.isascii() else ""
    return f"{ORIGINALS}{lesson_id}/{upload_id}{safe}"


def video(video_id: str) -> str:
    """Everything made for one revision lies under this prefix."""
    return f"{VIDEOS}{video_id}/"


def init(video_id: str, rendition: str, attempt: int) -> str:
    return f"{video(video_id)}{rendition}/{init_name(attempt)}"


def segment(video_id: str, rendition: str, number: int, attempt: int) -> str:
    return f"{video(video_id)}{rendition}/{segment_name(number, attempt)}"


def init_name(attempt: int) -> str:
    """Relative to the rendition's playlist, as it is written there."""
    return f"init.{attempt}.mp4"


def segment_name(number: int, attempt: int) -> str:
    return f"{number:05d}.{attempt}.m4s"


def poster(video_id: str) -> str:
    return video(video_id) + POSTER


def normalised(video_id: str) -> str:
    """A copy of the original with an index, where the original has none."""
    return f"{video(video_id)}normalised.mkv"


def tiles(video_id: str) -> str:
    """The folder of the storyboard frames before they are sheets."""
    return f"{video(video_id)}tiles/"


def tile(video_id: str, number: int, attempt: int) -> str:
    return f"{tiles(video_id)}{number:05d}.{attempt}.jpg"


def storyboard_sheet(video_id: str, sheet: int) -> str:
    return f"{video(video_id)}storyboard/{sheet:03d}.jpg"


def storyboard_index(video_id: str) -> str:
    return video(video_id) + STORYBOARD
