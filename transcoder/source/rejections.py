"""Why a file is not taken: the limits, and the sentences for the instructor. Pure."""

import re

LONGEST_SIDE = 4096  # pixels
SHORTEST_SIDE = 16
MOST_STREAMS = 32
MAX_DURATION_SECONDS = 12 * 3600  # seconds

ACCEPTED = "Upload MP4, MOV, MKV, WebM, AVI, MPEG-TS, MPEG-PS, Ogg, or MP3, M4A, WAV or FLAC sound."
EMPTY = "The file is empty: it has zero bytes. Upload it again."
NOT_MEDIA = f"This is not a video or sound file that can be read. {ACCEPTED}"
PLAYLIST = "This is a playlist: it names other files and holds no lecture itself. Upload the video file."
NEITHER = "The file has neither picture nor sound."
ENCRYPTED = "The file is encrypted against copying. Upload one without copy protection."
DAMAGED = "The file could not be read: it is damaged. Export or copy it again, then upload it."
TOO_GREEDY = "The file asks for more memory than any lecture needs: it is damaged, or no lecture."
TOO_MANY = f"The file holds more than {MOST_STREAMS} streams. Export it with one picture and one sound track."
CUT_OFF = (
    "The file is cut off: the index that belongs at its end is missing. "
    "Was the recording or the copy ended early? Export or copy it again, then upload it."
)
NO_RATE = (
    "It cannot be told how many pictures a second the file has: it is damaged or holds no film. "
    "Export the lecture again."
)

POINT_ELSEWHERE = ("hls", "concat", "dash", "sdp", "imf")
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def from_ffprobe(stderr: str, start: bytes) -> str:
    """What its last words mean. `start`: the first bytes of the file."""
    if too_many_streams(stderr):
        return TOO_MANY
    if codec := re.search(r"Codec \((\w+)\) not on whitelist", stderr):
        return undecodable("Part of the file", codec[1])
    if kind := re.search(r"\[([\w,]+) @ .*\] Format not on whitelist", stderr):
        return PLAYLIST if kind[1] in POINT_ELSEWHERE else unknown_kind(kind[1])
    if "Not detecting m3u8" in stderr:
        return PLAYLIST
    if "Cannot allocate memory" in stderr or "Out of memory" in stderr:
        return TOO_GREEDY
    return CUT_OFF if start[4:8] in MP4_BOXES else NOT_MEDIA


def too_many_streams(stderr: str) -> bool:
    """ffprobe may go on with the first ones: ask even when it is content."""
    return "exceeds max_streams" in stderr


def undecodable(what: str, codec: str) -> str:
    kind = f"as {codec}, which" if codec else "in a way that"
    return f"{what} is stored {kind} cannot be decoded here. Export the lecture as MP4 with H.264 and AAC."


def unknown_kind(demuxer: str) -> str:
    name = demuxer.removesuffix("_pipe")  # ffprobe's word for a file of pictures: png_pipe
    return f"Files of this kind ({name}) cannot become a lecture. {ACCEPTED}"


def too_large(width: int, height: int) -> str:
    return (
        f"The picture has {width} × {height} pixels; at most {LONGEST_SIDE} a side can be taken. "
        "Export a smaller one."
    )


def too_small(width: int, height: int) -> str:
    return f"The picture has {width} × {height} pixels: that is too small to be a lecture."


def too_long(seconds: float) -> str:
    hours = MAX_DURATION_SECONDS // 3600
    return f"The lecture lasts {_clock(seconds)}; at most {hours} hours can be taken. Cut it into parts."


def incomplete(claimed: float, measured: float) -> str:
    return (
        f"The file says that it lasts {_clock(claimed)}, but it ends after {_clock(measured)}: "
        "part of it is missing. Export or copy it again, then upload it."
    )


def too_slow(seconds: float) -> str:
    return f"The file could not be understood within {seconds:.0f} seconds: it may be damaged."


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
