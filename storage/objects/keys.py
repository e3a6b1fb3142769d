"""Object keys; the only module that builds them.

    originals/{lesson}/{upload}{suffix}             as uploaded, never modified
    videos/{video}/{rendition}/init.{attempt}.mp4   fMP4 header
    videos/{video}/{rendition}/{number}.{attempt}.m4s
    videos/{video}/poster.jpg and thumbnail.jpg      the thumbnail is a small poster, for lists
    videos/{video}/storyboard/{sheet}.jpg and storyboard.vtt
    videos/{video}/tiles/{tile}.{attempt}.jpg       storyboard frames, not yet joined into sheets
    videos/{video}/normalised.mkv                   input of the encoders when the original has no index
    files/{lesson}/{file}                           picture of a text or attachment, never modified
    institution/{file}                              logo, never modified

`attempt` is the fence of the job that made the object, so a worker that resumes late
writes beside the published set and never overwrites it.
"""

from pathlib import PurePosixPath

ORIGINALS = "originals/"
VIDEOS = "videos/"
FILES = "files/"
INSTITUTION = "institution/"
CHECKS = "checks/"  # probe objects of a store check

# Relative to the video, as in URLs.
POSTER = "poster.jpg"
THUMBNAIL = "thumbnail.jpg"
STORYBOARD = "storyboard/storyboard.vtt"

KEY_BYTES = 1024  # bytes of UTF-8, S3's own limit
LONGEST_NAME = 255  # bytes between two slashes, the limit of file systems


def checked(key: str) -> str:
    """The key, if every store can hold it and it stays inside the store; else raises ValueError.

    Names that start with a dot are refused too: the folder store keeps its own files under
    such names, and `..` is one of them.
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
    """Key prefix: whole folders, then the start of a name. Raises ValueError."""
    folder = prefix.rpartition("/")[0]
    if folder or prefix.startswith("/"):
        checked(folder)
    return prefix


def checked_folder(prefix: str) -> str:
    """Folder prefix, ending in a slash: everything under one folder. Raises ValueError."""
    if not prefix.endswith("/"):
        raise ValueError(f"{prefix!r} must end in a slash.")
    checked(prefix.removesuffix("/"))
    return prefix


def original(lesson_id: str, upload_id: str, filename: str) -> str:
    """Keeps only the suffix of the file name, because some demuxers look at it."""
    suffix = PurePosixPath(filename).suffix.lower()
    safe = suffix if suffix[1:].isalnum() and len(suffix) <= 6 and suffix.isascii() else ""
    return f"{ORIGINALS}{lesson_id}/{upload_id}{safe}"


def lesson_files(lesson_id: str) -> str:
    """Folder of a lesson's pictures and attachments."""
    return f"{FILES}{lesson_id}/"


def lesson_file(lesson_id: str, file_id: str) -> str:
    return lesson_files(lesson_id) + file_id


def logo(file_id: str) -> str:
    return INSTITUTION + file_id


def video(video_id: str) -> str:
    """Prefix of all objects made for one revision."""
    return f"{VIDEOS}{video_id}/"


def path_in_video(key: str) -> str:
    """Path of an object below its video's folder, as in URLs."""
    return key.removeprefix(VIDEOS).partition("/")[2]


def is_versioned(key: str) -> bool:
    """Whether the name has the attempt in it, so that the object never changes."""
    return key.endswith((".m4s", ".mp4"))


def video_of(key: str) -> str:
    """Id of the revision whose object this is."""
    return key.removeprefix(VIDEOS).partition("/")[0]


def init(video_id: str, rendition: str, attempt: int) -> str:
    return f"{video(video_id)}{rendition}/{init_name(attempt)}"


def segment(video_id: str, rendition: str, number: int, attempt: int) -> str:
    return f"{video(video_id)}{rendition}/{segment_name(number, attempt)}"


def init_name(attempt: int) -> str:
    """Name relative to the rendition's playlist, as written there."""
    return f"init.{attempt}.mp4"


def segment_name(number: int, attempt: int) -> str:
    return f"{number:05d}.{attempt}.m4s"


def poster(video_id: str) -> str:
    return video(video_id) + POSTER


def thumbnail(video_id: str) -> str:
    return video(video_id) + THUMBNAIL


def poster_instead(key: str) -> str | None:
    """Poster for a thumbnail's key, as videos made earlier have no thumbnail. None for other keys."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/{POSTER}" if name == THUMBNAIL else None


def normalised(video_id: str) -> str:
    """Remuxed original with an index, made when the original has none."""
    return f"{video(video_id)}normalised.mkv"


def tiles(video_id: str) -> str:
    """Folder of the storyboard frames that are not yet joined into sheets."""
    return f"{video(video_id)}tiles/"


def tile(video_id: str, number: int, attempt: int) -> str:
    return f"{tiles(video_id)}{number:05d}.{attempt}.jpg"


def storyboard_sheet(video_id: str, sheet: int) -> str:
    return f"{video(video_id)}storyboard/{sheet:03d}.jpg"


def storyboard_index(video_id: str) -> str:
    return video(video_id) + STORYBOARD
