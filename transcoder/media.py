"""The nouns of the pipeline. Plain values that travel as JSON between steps and machines."""

import msgspec


class Unusable(Exception):
    """The file cannot become a lecture; `str()` is a sentence for the instructor."""


class VideoStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    width: int  # as shown: rotation and pixel aspect applied, even
    height: int
    fps_num: int  # nominal rate of the result, at most 60
    fps_den: int
    rotation: int = 0  # degrees clockwise to show it upright: 0, 90, 180, 270
    interlaced: bool = False
    hdr: bool = False
    start: float = 0.0  # seconds after Source.start
    color_space: str | None = None  # the YUV matrix as ffprobe names it; None when the stream names none
    color_range: str | None = None  # "tv" or "pc", likewise
    pixels: str = ""  # FFmpeg's name of the pixel format
    keyframes: tuple[
        float, ...
    ] = ()  # see transcoder.planning.seeking: seconds after Source.start; empty when not known


class AudioStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str | None = None  # BCP 47
    start: float = 0.0


class Source(msgspec.Struct, frozen=True):
    """What ffprobe and our own checks say of an original."""

    container: str
    bytes: int
    duration: float  # seconds, measured rather than believed; only believed (or 0) if not seekable
    start: float  # first timestamp in the file, on the grid of its frames; our times count from here
    seekable: bool  # whether a seek lands where it is asked to; if not, encode a normalised copy
    normalised: bool = False  # what is encoded is not the original but keys.normalised, and this is of that
    video: VideoStream | None = None
    audio: AudioStream | None = None


class Rung(msgspec.Struct, frozen=True):
    """One height of the ladder. `name` is also its folder: "1080p"."""

    name: str
    width: int
    height: int
    crf: int
    max_bitrate: int  # bit/s


class Segment(msgspec.Struct, frozen=True):
    number: int  # from 0, over the whole lecture
    duration: int  # in the rendition's timescale
    bytes: int
    keyframes: tuple[
        tuple[int, int, int], ...
    ] = ()  # (byte offset of the moof, bytes to the IDR's end, time from the segment's start)


class RenditionPart(msgspec.Struct, frozen=True):
    """Consecutive segments of one rendition, made by one take of one job."""

    rendition: str
    attempt: int = msgspec.field(name="take")  # its name in rows
    timescale: int
    init_sha256: str
    codecs: str  # RFC 6381, as in the CODECS attribute: "avc1.640028", "mp4a.40.2"
    frames: int
    segments: tuple[Segment, ...]


class ChunkResult(msgspec.Struct, frozen=True):
    """Stored as the row's `result` when a chunk is done; the playlists are made from these."""

    parts: tuple[RenditionPart, ...]  # one per rung, in the ladder's order
    tiles: tuple[int, ...]  # numbers of the storyboard frames that lie in this chunk
    attempt: int = msgspec.field(name="take")  # its name in rows


class AudioResult(msgspec.Struct, frozen=True):
    """Grows while the audio job runs: `complete` says when it has ended."""

    part: RenditionPart
    complete: bool


class FinishResult(msgspec.Struct, frozen=True):
    """The checked whole."""

    poster: bool
    sheets: int  # storyboard sheets of 10 x 10 tiles
    tile_width: int
    tile_height: int
