"""Sources, plans' results and tracks for tests, and Hypothesis strategies for sources."""

from hypothesis import strategies as st

from transcoder.media import (
    AudioResult,
    AudioStream,
    ChunkResult,
    RenditionPart,
    Segment,
    Source,
    VideoStream,
)
from transcoder.packaging.playlist import AUDIO
from transcoder.packaging.segmenter import Track
from transcoder.planning.plan import AAC_FRAME, Chunk, Plan, chunk_tiles

RATES = ((25, 1), (30, 1), (60, 1), (24_000, 1001), (30_000, 1001), (60_000, 1001), (50, 1), (15, 1), (1, 3))


def source(
    *,
    seconds: float = 20.0,
    width: int = 1920,
    height: int = 1080,
    fps: tuple[int, int] = (25, 1),
    **more: object,
) -> Source:
    """MP4 source with video and audio; `more` are fields of the video stream."""
    return Source(
        container="mp4",
        bytes=1_000_000,
        duration=seconds,
        start=0.0,
        seekable=True,
        video=VideoStream(0, "h264", width, height, *fps, **{"pixels": "yuv420p"} | more),  # type: ignore[arg-type]
        audio=AudioStream(index=1, codec="aac", channels=2, sample_rate=44_100, language="en"),
    )


sides = st.integers(1, 2048).map(lambda half: half * 2)
streams = st.builds(
    lambda width, height, fps: VideoStream(0, "h264", width, height, *fps),
    sides,
    sides,
    st.sampled_from(RATES) | st.tuples(st.integers(1, 60_000), st.just(1000)),
)
sources = st.builds(
    lambda video, seconds: Source(
        "mp4", 1, seconds, 0.0, True, video=video, audio=AudioStream(1, "aac", 2, 48_000)
    ),
    streams,
    st.floats(0.04, 900) | st.floats(900, 12 * 3600),
)


def encoded(plan: Plan, *, attempt: int = 1) -> tuple[tuple[ChunkResult, ...], AudioResult | None]:
    """Job results in which every frame has a hundred bytes and a keyframe a thousand."""
    chunks = tuple(_chunk(plan, chunk, attempt) for chunk in (plan.video.chunks if plan.video else ()))
    if plan.audio is None:
        return chunks, None
    audio = plan.audio
    segments = _segments(0, audio.segment_count, audio.frames, audio.segment_frames, AAC_FRAME, gop=0)
    part = RenditionPart(
        AUDIO, attempt, plan.audio.sample_rate, "a", "mp4a.40.2", plan.audio.frames, segments
    )
    return chunks, AudioResult(part=part, complete=True)


def track(**changes: object) -> Track:
    """Track of two segments with three keyframes each, four frames apart, at 10 frames per second."""
    usual: dict[str, object] = {
        "rendition": "720p", "attempt": 7, "timescale": 1000, "frame_ticks": 100, "fragment_frames": 4,
        "segment_frames": 12, "segments": 2, "first_frame": 0, "frames": 24, "is_video": True,
    }  # fmt: skip
    return Track(**(usual | changes))  # type: ignore[arg-type]


def _chunk(plan: Plan, chunk: Chunk, attempt: int) -> ChunkResult:
    video = plan.video
    assert video
    segments = _segments(
        chunk.first_segment,
        chunk.segments,
        chunk.frames,
        video.segment_frames,
        video.frame_ticks,
        gop=video.gop_frames,
    )
    parts = tuple(
        RenditionPart(rung.name, attempt, video.timescale, rung.name, "avc1.640028", chunk.frames, segments)
        for rung in video.rungs
    )
    return ChunkResult(parts=parts, tiles=chunk_tiles(plan, chunk), attempt=attempt)


def _segments(first: int, count: int, frames: int, full: int, ticks: int, *, gop: int) -> tuple[Segment, ...]:
    made = []
    for number in range(first, first + count):
        length = full if number < first + count - 1 else frames - (count - 1) * full
        keyframes = [(n * 10_000, 1000, n * gop * ticks) for n in range(-(-length // gop))] if gop else []
        size = 10_000 * len(keyframes) or 100 * length
        made.append(Segment(number, length * ticks, size, tuple(keyframes)))
    return tuple(made)
