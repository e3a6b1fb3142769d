"""File headers as read by ffprobe, and the choice of streams for the lecture. Pure."""

import math
import re
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from transcoder.ffmpeg.allowlists import DECODERS
from transcoder.media import Unusable
from transcoder.source import rejections

# First of ffprobe's names of a demuxer. Raw video streams are excluded: they have no timestamps.
CONTAINERS = (
    "mov", "matroska", "avi", "mpegts", "mpeg", "ogg", "dv", "mp3", "wav", "w64", "flac", "aac",
)  # fmt: skip
# No index, or timestamps that only a pass over the whole file puts in order: remuxed to Matroska.
# An Ogg file may be several recordings one after the other, each of which begins at zero.
NOT_SEEKABLE = ("mpegts", "mpeg", "aac", "ogg")
# Only decode order is stored: frames would be late by the reorder delay.
UNTIMED = ("avi",)
GUESSED = ("mp3",)  # no duration is stored: ffprobe estimates it from the first frames
HDR_TRANSFERS = ("smpte2084", "arib-std-b67")


class Disposition(msgspec.Struct, frozen=True):
    default: int = 0
    attached_pic: int = 0
    timed_thumbnails: int = 0
    still_image: int = 0


class SideData(msgspec.Struct, frozen=True):
    rotation: float | None = None
    displaymatrix: str = ""


class Stream(msgspec.Struct, frozen=True):
    """Stream entry of ffprobe, which omits unknown fields."""

    index: int
    codec_type: str = ""
    codec_name: str = ""
    codec_tag_string: str = ""
    width: int = 0
    height: int = 0
    sample_aspect_ratio: str = ""
    field_order: str = "unknown"
    color_transfer: str = ""
    color_space: str = ""
    color_primaries: str = ""
    color_range: str = ""
    pix_fmt: str = ""
    r_frame_rate: str = ""
    avg_frame_rate: str = ""
    start_time: str = ""
    duration: str = ""
    channels: int = 0
    sample_rate: str = ""
    disposition: Disposition = Disposition()
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    side_data_list: tuple[SideData, ...] = ()


class Format(msgspec.Struct, frozen=True):
    format_name: str = ""
    start_time: str = ""
    duration: str = ""


class Headers(msgspec.Struct, frozen=True):
    streams: tuple[Stream, ...] = ()
    format: Format = Format()

    @property
    def container(self) -> str:
        return self.format.format_name.partition(",")[0]


class Shape(msgspec.Struct, frozen=True):
    """Display size, with square pixels."""

    width: int
    height: int
    rotation: int
    mirrored: bool


LONGEST_LANGUAGE = 35  # characters: RFC 5646, 4.4.1
NESTED = ("disposition", "tags", "side_data_list")
# Fields of `Headers`, in the syntax of ffprobe's -show_entries.
ENTRIES = ":".join(
    (
        "format=format_name,start_time,duration",
        "stream=" + ",".join(name for name in Stream.__struct_fields__ if name not in NESTED),
        "stream_tags=language,DURATION",
        "stream_disposition=" + ",".join(Disposition.__struct_fields__),
        "stream_side_data=" + ",".join(SideData.__struct_fields__),
    )
)


class Chosen(msgspec.Struct, frozen=True):
    """Video and audio stream chosen for the lecture."""

    video: Stream | None
    audio: Stream | None


def choose(headers: Headers) -> Chosen:
    """Streams for the lecture. Raises Unusable."""
    if headers.container not in CONTAINERS:
        raise Unusable(rejections.unknown_kind(headers.container or "unknown"))
    if len(headers.streams) > rejections.MOST_STREAMS:
        raise Unusable(rejections.TOO_MANY)
    video = _pick([stream for stream in headers.streams if _is_video(stream)], "video")
    audio = _pick([stream for stream in headers.streams if stream.codec_type == "audio"], "audio")
    if video is None and audio is None:
        raise Unusable(rejections.NEITHER)
    if video is not None:
        _check_size(video)
    return Chosen(video, audio)


def other_audio(headers: Headers, chosen: Chosen) -> list[Stream]:
    """Audio streams that can be decoded and were not chosen."""
    return [
        stream
        for stream in headers.streams
        if stream.codec_type == "audio" and stream.codec_name in DECODERS and stream != chosen.audio
    ]


def shape(stream: Stream) -> Shape:
    """Display size: never larger than the stored pixels, and even, because of yuv420p."""
    width, height = round(stream.width * _pixel_aspect(stream.sample_aspect_ratio)), stream.height
    rotation, mirrored = _orientation(stream.side_data_list)
    if rotation in (90, 270):
        width, height = height, width
    return Shape(max(2, width // 2 * 2), max(2, height // 2 * 2), rotation, mirrored)


def _orientation(side_data: Iterable[SideData]) -> tuple[int, bool]:
    """Clockwise rotation in degrees, and whether the picture is mirrored before it."""
    for side in side_data:
        if numbers := re.findall(r"[-\d]+(?=\s|$)", re.sub(r"\w+:", "", side.displaymatrix)):
            # Fixed point: x and y are shown at (a x + c y, b x + d y), with y downwards.
            a, b, _, c, d = (int(number) for number in numbers[:5])
            mirrored = a * d < b * c
            turn = math.atan2(-b, -a) if mirrored else math.atan2(b, a)
            return round(math.degrees(turn) / 90) * 90 % 360, mirrored
        if side.rotation is not None and math.isfinite(side.rotation):
            # ffprobe's rotation is anticlockwise, ours clockwise; it is none where a matrix mirrors.
            return round(-side.rotation / 90) * 90 % 360, False
    return 0, False


def interlaced(stream: Stream) -> bool:
    dv_tape = stream.field_order == "unknown" and stream.codec_name == "dvvideo"  # always interlaced
    return dv_tape or stream.field_order in ("tt", "bb", "tb", "bt")


def hdr(stream: Stream) -> bool:
    return stream.color_transfer in HDR_TRANSFERS


def untold_transfer(stream: Stream) -> bool:
    """Whether the video may be in HDR and its header has lost the transfer characteristics."""
    wide = stream.color_space.startswith("bt2020") and "10" in stream.pix_fmt
    return wide and named(stream.color_transfer) is None


def named(colors: str) -> str | None:
    return colors if colors not in ("", "unknown") else None


def language(stream: Stream) -> str | None:
    """BCP 47 tag of the container's three-letter language code."""
    from babel.core import get_global

    code = stream.tags.get("language", "").strip().lower()
    valid = code.isascii() and code.replace("-", "").isalnum() and len(code) <= LONGEST_LANGUAGE
    if not valid or code in ("und", "mul", "zxx"):
        return None
    return str(get_global("language_aliases").get(code, code))


def claimed_end(stream: Stream) -> float | None:
    """End of the stream according to the header, in seconds of the file's timestamps."""
    length = seconds(stream.duration)
    if length is not None:
        return (seconds(stream.start_time) or 0.0) + length
    return _clock(stream.tags.get("DURATION", ""))


def seconds(text: str) -> float | None:
    """Seconds of ffprobe's "12.500000"; None for "N/A" or nothing."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _is_video(stream: Stream) -> bool:
    """Whether it is moving video: cover art and thumbnails are video streams too."""
    disposition = stream.disposition
    still = disposition.attached_pic or disposition.timed_thumbnails or disposition.still_image
    return stream.codec_type == "video" and not still


def _pick(streams: list[Stream], what: str) -> Stream | None:
    """Default stream, else the first, of those that can be decoded."""
    known = [stream for stream in streams if stream.codec_name in DECODERS]
    if streams and not known:
        raise Unusable(rejections.undecodable(what, streams[0].codec_name))
    chosen = next((stream for stream in known if stream.disposition.default), known[0] if known else None)
    if chosen is not None and chosen.codec_tag_string in ("encv", "enca"):
        raise Unusable(rejections.ENCRYPTED)
    return chosen


def _check_size(video: Stream) -> None:
    size = video.width, video.height
    if max(size) > rejections.LONGEST_SIDE:
        raise Unusable(rejections.too_large(*size))
    if min(size) < rejections.SHORTEST_SIDE:
        raise Unusable(rejections.too_small(*size))


def _pixel_aspect(text: str) -> Fraction:
    """Pixel aspect ratio; 1 where the file has none or an implausible one."""
    try:
        aspect = Fraction(text.replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        return Fraction(1)
    return aspect if Fraction(1, 4) <= aspect <= 4 else Fraction(1)


def _clock(text: str) -> float | None:
    """Seconds of Matroska's "00:01:02.345000000"."""
    parts = [seconds(part) for part in text.split(":")]
    if len(parts) != 3 or None in parts:
        return None
    hours, minutes, rest = (part or 0.0 for part in parts)
    return hours * 3600 + minutes * 60 + rest
