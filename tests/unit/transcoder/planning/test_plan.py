from fractions import Fraction

import msgspec
import pytest
from hypothesis import given

from tests.unit.transcoder.lectures import source, sources
from transcoder.media import Source, Unusable
from transcoder.packaging.playlist import target_duration
from transcoder.planning.plan import (
    AAC_FRAME,
    AudioPlan,
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
    assert segment == video.segment_count


LENGTHS = [(frames, fps) for fps in (1, 5, 25, 60) for frames in range(1, 201)]


def test_last_segment_is_never_too_short_for_a_browser() -> None:
    """Nor of one frame, unless it is the only one; a browser does not see that it was added."""
    wrong = []
    for frames, fps in [*LENGTHS, *((6 * n * 25 + rest, 25) for n in range(3, 101) for rest in (1, 12))]:
        plan = make_plan(source(seconds=frames / fps, fps=(fps, 1)))
        assert plan.video
        assert plan.audio
        for part, rate in ((plan.video, float(fps)), (plan.audio, plan.audio.sample_rate / AAC_FRAME)):
            last = part.frames - (part.segment_count - 1) * part.segment_frames
            if part.segment_count > 1 and (last < 2 or last / rate < 0.5):
                wrong.append((frames, fps, last))
    assert wrong == []


@given(sources)
def test_last_segment_fits_the_target_duration(lecture: Source) -> None:
    """EXTINF, rounded, is at most EXT-X-TARGETDURATION (RFC 8216, 4.3.3.1)."""
    plan = make_plan(lecture)
    video = video_of(lecture)
    last = video.frames - (video.segment_count - 1) * video.segment_frames
    assert round(seconds(video, last) - 1e-9) <= target_duration(plan)


def test_plan_of_an_earlier_version_keeps_its_segments() -> None:
    """Audio of 6.04 s had a second segment of two frames; what is encoded already is not wrong."""
    stored = msgspec.to_builtins(make_plan(source(seconds=6.04)).audio)
    assert stored.pop("segments") == 1
    assert msgspec.convert(stored, AudioPlan).segment_count == 2


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
