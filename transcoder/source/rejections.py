"""Reasons for rejecting a file: limits, and sentences for the instructor. Pure."""

import re

from storage.messages import N_, Message, duration, message

LONGEST_SIDE = 4096  # pixels
SHORTEST_SIDE = 16
MOST_STREAMS = 32
MAX_DURATION_SECONDS = 12 * 3600  # seconds

EMPTY = Message(N_("The file is empty: it has zero bytes. Upload it again."))
ACCEPTED = Message(
    N_("Upload MP4, MOV, MKV, WebM, AVI, MPEG-TS, MPEG-PS, Ogg, or MP3, M4A, WAV or FLAC audio.")
)
NOT_MEDIA = message(N_("This is not a readable video or audio file. %(accepted)s"), accepted=ACCEPTED)
PLAYLIST = Message(
    N_("This is a playlist: it refers to other files and contains no video itself. Upload the video file.")
)
NEITHER = Message(N_("The file has neither a video nor an audio stream."))
ENCRYPTED = Message(N_("The file is encrypted against copying. Upload one without copy protection."))
DAMAGED = Message(N_("The file could not be read: it is damaged. Export or copy it again, then upload it."))
TOO_MUCH_MEMORY = Message(
    N_("Reading the file takes more memory than a lecture needs: it is damaged or not a lecture.")
)
TOO_MANY = message(
    N_("The file has more than %(count)s streams. Export it with one video and one audio track."),
    count=MOST_STREAMS,
)
CUT_OFF = Message(
    N_(
        "The file is cut off: the index that belongs at its end is missing. "
        "Was the recording or the copy ended early? Export or copy it again, then upload it."
    )
)
CANNOT_ENCODE = Message(
    N_(
        "The recording is damaged, or changes in its course in a way that cannot be encoded here. "
        "Export it again as MP4 with H.264 and AAC, then upload that."
    )
)
NO_RATE = Message(
    N_(
        "The frame rate of the file cannot be determined: it is damaged or contains no video. "
        "Export the lecture again."
    )
)

NAME = r"(?!0x)[a-z0-9_,]{1,40}"  # of a codec or demuxer; an address of the heap is none
# Errors of the environment, not of the file: another attempt may succeed.
ENVIRONMENT_ERRORS = (
    "No such file or directory",
    "Permission denied",
    "Operation not permitted",
    "Resource temporarily unavailable",
)
OF_THE_DISK = ("Input/output error", "No space left on device")
# Exit statuses of FFmpeg: the low bytes of AVERROR_INVALIDDATA, and of the error that most packets
# of a stream cannot be decoded.
INVALID_DATA, TOO_MANY_ERRORS = 183, 69
NOTHING_LEFT = ("at least one of its streams received no packets", "(incorrect codec parameters ?)")
POINT_ELSEWHERE = ("hls", "concat", "dash", "sdp", "imf")
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def from_ffprobe(stderr: str, start: bytes) -> Message:
    """Message for ffprobe's error output. `start`: the first bytes of the file."""
    if too_many_streams(stderr):
        return TOO_MANY
    if codec := re.search(rf"Codec \(({NAME})\) not on whitelist", stderr):
        return undecodable("", codec[1])
    if kind := re.search(rf"\[({NAME}) @ .*\] Format not on whitelist", stderr):
        return PLAYLIST if kind[1] in POINT_ELSEWHERE else unknown_kind(kind[1])
    if "Not detecting m3u8" in stderr:
        return PLAYLIST
    if "Cannot allocate memory" in stderr or "Out of memory" in stderr:
        return TOO_MUCH_MEMORY
    return CUT_OFF if start[4:8] in MP4_BOXES else NOT_MEDIA


def strangers(stderr: str) -> tuple[str, ...]:
    """Codecs of streams that may not be decoded, from ffprobe's error output."""
    return tuple(sorted({*re.findall(rf"Codec \(({NAME})\) not on whitelist", stderr)}))


def undecoded(exit_status: int, stderr: str) -> bool:
    """Whether FFmpeg gave up for what is in the file, from its exit status and error output."""
    if exit_status == TOO_MANY_ERRORS:
        return True  # also where a decoder calls its error "Operation not permitted"
    if any(fault in stderr for fault in (*ENVIRONMENT_ERRORS, *OF_THE_DISK)):
        return False
    last = stderr.rstrip().rpartition("\n")[2]
    told = "Invalid data found when processing input" in last or any(told in stderr for told in NOTHING_LEFT)
    return told or exit_status == INVALID_DATA


def unseekable(stderr: str) -> bool:
    """Whether a seek failed: a file without an index answers as a file without permission does."""
    return "Could not seek to position" in stderr


def too_many_streams(stderr: str) -> bool:
    """Whether max_streams was exceeded; check on success too, as ffprobe may continue with the first."""
    return "exceeds max_streams" in stderr


def undecodable(kind: str, codec: str) -> Message:
    """`kind` is video, audio or anything else."""
    part = {
        "video": N_("The video"),
        "audio": N_("The audio"),
    }.get(kind, N_("Part of the file"))
    if not codec:
        return message(
            N_(
                "%(part)s is stored in a way that cannot be decoded here. "
                "Export the lecture as MP4 with H.264 and AAC."
            ),
            part=Message(part),
        )
    return message(
        N_(
            "%(part)s is stored as %(codec)s, which cannot be decoded here. "
            "Export the lecture as MP4 with H.264 and AAC."
        ),
        part=Message(part),
        codec=codec,
    )


def unknown_kind(demuxer: str) -> Message:
    return message(
        N_("Files of this kind (%(kind)s) cannot become a lecture. %(accepted)s"),
        kind=demuxer.removesuffix("_pipe"),  # ffprobe's demuxer names for image files: png_pipe
        accepted=ACCEPTED,
    )


def too_large(width: int, height: int) -> Message:
    return message(
        N_(
            "The video has %(width)s × %(height)s pixels; at most %(limit)s per side are accepted. "
            "Export a smaller one."
        ),
        width=width,
        height=height,
        limit=LONGEST_SIDE,
    )


def too_small(width: int, height: int) -> Message:
    return message(
        N_("The video has %(width)s × %(height)s pixels: that is too small for a lecture."),
        width=width,
        height=height,
    )


def too_long(seconds: float) -> Message:
    return message(
        N_("The lecture lasts %(duration)s; at most %(hours)s hours are accepted. Split it into parts."),
        duration=duration(seconds),
        hours=MAX_DURATION_SECONDS // 3600,
    )


def incomplete(claimed: float, measured: float) -> Message:
    return message(
        N_(
            "The file declares a duration of %(claimed)s, but it ends after %(measured)s: "
            "part of it is missing. Export or copy it again, then upload it."
        ),
        claimed=duration(claimed),
        measured=duration(measured),
    )


def too_slow(seconds: float) -> Message:
    return message(
        N_("The file could not be analysed within %(seconds)s seconds: it may be damaged."),
        seconds=round(seconds),
    )
