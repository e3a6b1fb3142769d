"""Encoding plan of a source: made once, stored, and reused by every attempt. Pure.

Everything is counted in frames on one grid that starts at the source's first timestamp:
frame n is the source frame at n / fps, whichever worker encodes it.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import TypeVar

import msgspec

from storage.messages import N_
from transcoder.media import Rung, Source, Unusable, VideoStream
from transcoder.planning import seeking
from transcoder.planning.chunking import WastedSeconds, sizes
from transcoder.planning.ladder import even, ladder

GOP_SECONDS = 2
GOPS_IN_SEGMENT = 3
SEGMENT_SECONDS = float(GOP_SECONDS * GOPS_IN_SEGMENT)
# A last segment shorter than this, or of a single frame, is joined to the one before it: browsers do not see
# that it was added to their buffer, load it again without end, and never reach the end of the lecture.
SHORTEST_SEGMENT = 0.5  # seconds

SAMPLE_RATE = 48_000
AAC_FRAME = 1024  # samples
AUDIO_BITRATE = 128_000

STORYBOARD_SECONDS = 10
STORYBOARD_WIDTH = 320
SHEET_COLUMNS = SHEET_ROWS = 10
TILES_IN_SHEET = SHEET_COLUMNS * SHEET_ROWS


class Chunk(msgspec.Struct, frozen=True):
    """Run of whole segments encoded by one job."""

    number: int
    first_segment: int
    segments: int
    first_frame: int
    frames: int


class VideoPlan(msgspec.Struct, frozen=True):
    rungs: tuple[Rung, ...]  # best first
    fps_num: int
    fps_den: int
    timescale: int  # ticks per second
    frame_ticks: int  # ticks per frame, even
    gop_frames: int
    segment_frames: int
    frames: int
    chunks: tuple[Chunk, ...]

    @property
    def segment_count(self) -> int:
        return sum(chunk.segments for chunk in self.chunks)


class AudioPlan(msgspec.Struct, frozen=True):
    sample_rate: int
    channels: int
    bitrate: int
    language: str | None
    duration: float
    segment_frames: int  # AAC frames of 1024 samples
    frames: int
    segments: int = 0  # 0 in plans of earlier versions: the last one may be of any length

    @property
    def segment_count(self) -> int:
        return self.segments or -(-self.frames // self.segment_frames)


class StoryboardPlan(msgspec.Struct, frozen=True):
    interval: float  # seconds between tiles
    interval_frames: int
    tiles: int
    width: int
    height: int


class Plan(msgspec.Struct, frozen=True):
    duration: float  # of the output, in seconds
    segment_seconds: float  # 6, or the nearest whole number of frames
    video: VideoPlan | None
    audio: AudioPlan | None
    storyboard: StoryboardPlan | None


def make_plan(source: Source) -> Plan:
    """Plan of a source. Raises Unusable without video and audio, or with a duration of zero."""
    if source.video is None and source.audio is None:
        raise Unusable(N_("The file has neither a video nor an audio stream."))
    if source.duration <= 0:
        raise Unusable(N_("The file is empty: it has a duration of zero seconds."))
    video = _video(source, source.video) if source.video else None
    duration = source.duration
    segment_seconds = SEGMENT_SECONDS
    if video:
        duration = seconds(video, video.frames)
        segment_seconds = seconds(video, video.segment_frames)
    return Plan(
        duration=duration,
        segment_seconds=segment_seconds,
        video=video,
        audio=_audio(source, duration, segment_seconds),
        storyboard=_storyboard(source.video, video) if source.video and video else None,
    )


T = TypeVar("T")


def require(part: T | None) -> T:
    """Optional part of a plan or source, narrowed to not None. Raises ValueError."""
    if part is None:
        raise ValueError("this source has no such part")
    return part


def seconds(video: VideoPlan, frames: int) -> float:
    return frames * video.fps_den / video.fps_num


def tile_frame(storyboard: StoryboardPlan, frames: int, tile: int) -> int:
    """Number of the lecture's frame that a tile shows, in the middle of its interval."""
    middle = tile * storyboard.interval_frames + storyboard.interval_frames // 2
    return min(middle, frames - 1)


def chunk_tiles(plan: Plan, chunk: Chunk) -> tuple[int, ...]:
    """Storyboard tiles whose frame lies in the chunk; each tile belongs to exactly one chunk."""
    if plan.storyboard is None or plan.video is None:
        return ()
    inside = range(chunk.first_frame, chunk.first_frame + chunk.frames)
    first = max(0, inside.start // plan.storyboard.interval_frames - 1)
    last = min(inside.stop // plan.storyboard.interval_frames + 1, plan.storyboard.tiles)
    return tuple(
        tile for tile in range(first, last) if tile_frame(plan.storyboard, plan.video.frames, tile) in inside
    )


def _video(source: Source, stream: VideoStream) -> VideoPlan:
    fps = Fraction(stream.fps_num, stream.fps_den)
    if fps < 1:  # less than a frame per second: repeat frames, so that GOPs fit the grid
        fps *= -(-1 // fps)
    timescale, frame_ticks = _timescale(fps)
    gop_frames = max(1, round(GOP_SECONDS * fps))
    segment_frames = GOPS_IN_SEGMENT * gop_frames
    frames = max(1, round(source.duration * fps))

    def wasted_seconds(segment: int) -> float | None:
        return seeking.wasted_seconds(source, stream, float(segment * segment_frames / fps))

    return VideoPlan(
        rungs=ladder(stream),
        fps_num=fps.numerator,
        fps_den=fps.denominator,
        timescale=timescale,
        frame_ticks=frame_ticks,
        gop_frames=gop_frames,
        segment_frames=segment_frames,
        frames=frames,
        chunks=tuple(_chunks(frames, segment_frames, fps, wasted_seconds)),
    )


def _timescale(fps: Fraction) -> tuple[int, int]:
    """Ticks per second and per frame, the latter a whole and even number.

    Even, because variable frame rates are mapped to the grid by adding half a frame and
    rounding down, which must be exact to give the same result in every chunk.
    """
    factor = 2
    while fps.numerator * factor < 10_000:
        factor *= 2
    return fps.numerator * factor, fps.denominator * factor


def segments(frames: int, segment_frames: int, rate: Fraction) -> int:
    """Number of segments, all of `segment_frames` but the last, which is never too short for a browser."""
    full, rest = divmod(frames, segment_frames)
    joined = full > 0 and (rest < 2 or rest < SHORTEST_SEGMENT * rate)
    return full if joined else full + 1


def _chunks(
    frames: int, segment_frames: int, rate: Fraction, wasted_seconds: WastedSeconds
) -> Iterator[Chunk]:
    total = segments(frames, segment_frames, rate)
    rest = frames - (total - 1) * segment_frames
    first = 0
    for number, size in enumerate(sizes(total, rest / segment_frames, wasted_seconds)):
        start = first * segment_frames
        end = (first + size) * segment_frames if first + size < total else frames
        yield Chunk(number=number, first_segment=first, segments=size, first_frame=start, frames=end - start)
        first += size


def _audio(source: Source, duration: float, segment_seconds: float) -> AudioPlan | None:
    if source.audio is None:
        return None
    # Two at least: of one, nothing is left when the encoder's delay is taken off.
    frames, segment_frames = max(2, aac_frames(duration)), aac_frames(segment_seconds)
    return AudioPlan(
        sample_rate=SAMPLE_RATE,
        channels=2,
        bitrate=AUDIO_BITRATE,
        language=source.audio.language,
        duration=duration,
        segment_frames=segment_frames,
        frames=frames,
        segments=segments(frames, segment_frames, Fraction(SAMPLE_RATE, AAC_FRAME)),
    )


def aac_frames(duration: float) -> int:
    """Number of AAC frames that cover the duration, in seconds."""
    return -(-round(duration * SAMPLE_RATE) // AAC_FRAME)


def _storyboard(stream: VideoStream, video: VideoPlan) -> StoryboardPlan:
    interval_frames = max(1, round(STORYBOARD_SECONDS * Fraction(video.fps_num, video.fps_den)))
    width = min(STORYBOARD_WIDTH, even(stream.width))
    return StoryboardPlan(
        interval=seconds(video, interval_frames),
        interval_frames=interval_frames,
        tiles=-(-video.frames // interval_frames),
        width=width,
        height=even(width * stream.height / stream.width),
    )
