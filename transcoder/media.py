"""Value types of the pipeline, exchanged as JSON between jobs and machines."""

from enum import StrEnum

import msgspec

from storage.messages import MessageError


class Unusable(MessageError):
    """File rejected as unusable, with a message for the instructor."""


class VideoStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    width: int  # for display: rotation and pixel aspect applied, even
    height: int
    fps_num: int  # nominal frame rate of the output, at most 60
    fps_den: int
    rotation: int = 0  # degrees clockwise to apply for display: 0, 90, 180, 270
    mirrored: bool = False  # left and right exchanged for display, before the rotation
    interlaced: bool = False
    hdr: bool = False
    start: float = 0.0  # seconds after Source.start
    color_space: str | None = None  # YUV matrix as ffprobe names it; None when not declared
    color_range: str | None = None  # "tv" or "pc", likewise
    primaries: str | None = None  # colour primaries, likewise
    transfer: str | None = None  # transfer characteristics, likewise
    pixels: str = ""  # pixel format, by FFmpeg's name
    coded_width: int = 0  # of the first frames as stored; 0 in sources probed by earlier versions
    coded_height: int = 0
    cuts: tuple[
        tuple[float, float], ...
    ] = ()  # (timestamp, seconds by which those from it on are too late), see transcoder.source.edits
    keyframes: tuple[
        float, ...
    ] = ()  # seconds after Source.start, see transcoder.planning.seeking; empty when not known


class Sides(StrEnum):
    """Channels that the voice is on."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"


class Heard(msgspec.Struct, frozen=True):
    """How to treat the audio: gain in dB, and the channels to take."""

    gain: float = 0.0
    sides: Sides = Sides.BOTH
    silent: bool = False


class AudioStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str | None = None  # BCP 47
    start: float = 0.0
    heard: Heard | None = None  # None when not known yet: the audio job then listens


class Source(msgspec.Struct, frozen=True):
    """Properties of an original, from ffprobe and our own measurements."""

    container: str
    bytes: int
    duration: float  # seconds, measured; if not seekable only as declared by the header, or 0
    start: float  # first timestamp in the file, on its frame grid; all our times are relative to it
    seekable: bool  # whether seeks are accurate; if not, a normalised copy is encoded
    pieces: tuple[int, ...] = ()  # bytes at which recordings begin, if there is more than one in the file
    normalised: bool = False  # whether this describes keys.normalised, encoded instead of the original
    video: VideoStream | None = None
    audio: AudioStream | None = None


class Rung(msgspec.Struct, frozen=True):
    """Rung of the bitrate ladder. `name` is also its folder: "1080p"."""

    name: str
    width: int
    height: int
    crf: int
    max_bitrate: int  # bit/s


class Segment(msgspec.Struct, frozen=True):
    number: int  # counted from 0 over the whole lecture
    duration: int  # in the rendition's timescale
    bytes: int
    keyframes: tuple[
        tuple[int, int, int], ...
    ] = ()  # (byte offset of the moof, bytes to the IDR's end, time from the segment's start)


class RenditionPart(msgspec.Struct, frozen=True):
    """Consecutive segments of one rendition, encoded by one attempt of one job."""

    rendition: str
    attempt: int = msgspec.field(name="take")  # the name in stored rows
    timescale: int
    init_sha256: str
    codecs: str  # RFC 6381 string of the CODECS attribute: "avc1.640028", "mp4a.40.2"
    frames: int
    segments: tuple[Segment, ...]


class ChunkResult(msgspec.Struct, frozen=True):
    """Result of a chunk job, stored in its row; playlists are rendered from these."""

    parts: tuple[RenditionPart, ...]  # one per rung, in the ladder's order
    tiles: tuple[int, ...]  # numbers of the storyboard tiles taken from this chunk
    attempt: int = msgspec.field(name="take")  # the name in stored rows


class AudioResult(msgspec.Struct, frozen=True):
    """Result of the audio job, updated while it runs; `complete` when it has ended."""

    part: RenditionPart
    complete: bool


class PublishedVideo(msgspec.Struct, frozen=True):
    """Results of a ready video, which its playlists are rendered from: `videos.published`."""

    chunks: tuple[ChunkResult, ...]  # in order
    audio: AudioResult | None


class FinishResult(msgspec.Struct, frozen=True):
    """Result of the finish job."""

    poster: bool
    sheets: int  # storyboard sheets of 10 x 10 tiles
    tile_width: int
    tile_height: int


class Digest(msgspec.Struct, frozen=True, array_like=True):
    """Size and SHA-256 of an object, as it was when it was stored."""

    bytes: int
    sha256: str


Part = tuple[str, int]  # kind and number of the job that makes it


class Mending(msgspec.Struct, frozen=True):
    """What of a ready revision is being made again: `videos.mending`."""

    parts: tuple[Part, ...] = ()
    images: tuple[str, ...] = ()  # paths below the video's folder, as in `storage.objects.keys`
