"""What is to be made of a source: decided once, stored, and the same for every retry."""

import msgspec

from transcoder.media import Rung

VIDEO_TIMESCALE_PER_FRAME = (
    512  # the video timescale is fps_num * this / gcd; every frame is a whole number of ticks
)


class Chunk(msgspec.Struct, frozen=True):
    """A run of whole segments that one job encodes."""

    number: int
    first_segment: int
    segments: int
    first_frame: int
    frames: int


class VideoPlan(msgspec.Struct, frozen=True):
    rungs: tuple[Rung, ...]  # best first
    fps_num: int
    fps_den: int
    timescale: int  # ticks a second
    frame_ticks: int  # ticks a frame
    gop_frames: int
    segment_frames: int
    frames: int
    chunks: tuple[Chunk, ...]


class AudioPlan(msgspec.Struct, frozen=True):
    sample_rate: int
    channels: int
    bitrate: int
    language: str | None
    duration: float


class StoryboardPlan(msgspec.Struct, frozen=True):
    interval: float  # seconds between tiles
    tiles: int
    width: int
    height: int


class Plan(msgspec.Struct, frozen=True):
    duration: float  # seconds of the result
    segment_seconds: float  # 6, or the nearest whole number of frames
    video: VideoPlan | None
    audio: AudioPlan | None
    storyboard: StoryboardPlan | None
