from fractions import Fraction

import pytest
from hypothesis import given

from tests.unit.transcoder.lectures import source, sources
from transcoder.media import Source, Unusable
from transcoder.planning.plan import (
    AAC_FRAME,
    VideoPlan,
    aac_frames,
    chunk_tiles,
    make_plan,
    seconds,
    tile_frame,
)


def video_of(given_source: Source) -> VideoPlan:
    video = make_plan(given_source).video
    assert video
    return video


@given(sources)
def test_chunks_cover_every_frame_once(lecture: Source) -> None:
    video = video_of(lecture)
    frame = segment = 0
    for number, chunk in enumerate(video.chunks):
        assert (chunk.number, chunk.first_frame, chunk.first_segment) == (number, frame, segment)
        frame, segment = frame + chunk.frames, segment + chunk.segments
    assert frame == video.frames
    assert segment == -(-video.frames // video.segment_frames)


@given(sources)
def test_chunks_begin_on_the_segment_grid(lecture: Source) -> None:
    video = video_of(lecture)
    assert all(chunk.first_frame == chunk.first_segment * video.segment_frames for chunk in video.chunks)


@given(sources)
def test_frame_count_is_exact_to_one_frame(lecture: Source) -> None:
    plan = make_plan(lecture)
    video = video_of(lecture)
    assert abs(plan.duration - lecture.duration) <= video.fps_den / video.fps_num
    assert plan.duration == seconds(video, video.frames)


@given(sources)
def test_ticks_are_whole_and_even(lecture: Source) -> None:
    video = video_of(lecture)
    assert Fraction(video.timescale, video.frame_ticks) == Fraction(video.fps_num, video.fps_den)
    assert video.frame_ticks % 2 == 0
    assert video.timescale < 2**31


@given(sources)
def test_every_tile_lies_in_one_chunk(lecture: Source) -> None:
    plan = make_plan(lecture)
    assert plan.video
    assert plan.storyboard
    tiles = [tile for chunk in plan.video.chunks for tile in chunk_tiles(plan, chunk)]
    assert tiles == list(range(plan.storyboard.tiles))
    frames = [tile_frame(plan.storyboard, plan.video.frames, tile) for tile in tiles]
    assert frames == sorted(set(frames))


@given(sources)
def test_audio_covers_the_video(lecture: Source) -> None:
    plan = make_plan(lecture)
    assert plan.audio
    length = plan.audio.frames * AAC_FRAME / plan.audio.sample_rate
    assert -0.001 <= length - plan.duration < AAC_FRAME / plan.audio.sample_rate + 0.001


def test_chunks_begin_near_known_keyframes() -> None:
    def wasted_seconds(keyframes: tuple[float, ...]) -> int:
        chunks = video_of(source(seconds=120, keyframes=keyframes)).chunks
        return sum(chunk.first_segment * 6 % 10 for chunk in chunks)

    assert wasted_seconds(tuple(float(10 * n) for n in range(12))) < wasted_seconds(())


def test_ntsc_rate_is_kept() -> None:
    video = video_of(source(fps=(30_000, 1001), seconds=10.01))
    assert (video.timescale, video.frame_ticks) == (60_000, 2002)
    assert (video.gop_frames, video.segment_frames, video.frames) == (60, 180, 300)


def test_rate_below_one_is_raised_to_one() -> None:
    assert video_of(source(fps=(1, 3), seconds=60)).frames == 60


def test_source_without_streams_is_unusable() -> None:
    nothing = Source("mp4", 1, 10.0, 0.0, True)
    with pytest.raises(Unusable, match="neither a video nor an audio stream"):
        make_plan(nothing)


def test_source_of_zero_duration_is_unusable() -> None:
    with pytest.raises(Unusable, match="zero seconds"):
        make_plan(source(seconds=0.0))


@pytest.mark.parametrize(
    ("duration", "frames"), [(0.001, 1), (1.0, 47), (AAC_FRAME / 48_000, 1), (0.0214, 2)]
)
def test_aac_frames(duration: float, frames: int) -> None:
    assert aac_frames(duration) == frames
