from itertools import pairwise

import m3u8
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.transcoder.lectures import encoded, source, sources
from tests.unit.transcoder.snapshots import assert_unchanged
from transcoder.media import AudioResult, RenditionPart, Segment, Source
from transcoder.packaging import playlist
from transcoder.packaging.playlist import AUDIO, Bandwidth, PlaylistError, Subtitles, measure, rendition_parts
from transcoder.planning.plan import make_plan

LECTURE = source(seconds=20.0)
PLAN = make_plan(LECTURE)
CHUNKS, AUDIO_RESULT = encoded(PLAN)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("master.m3u8", playlist.master(PLAN, CHUNKS, AUDIO_RESULT, audio_name='The "hall"')),
        ("master_growing.m3u8", playlist.master(PLAN, CHUNKS[:1], AUDIO_RESULT)),
        (
            "master_silent.m3u8",
            playlist.master(PLAN, CHUNKS, None, subtitles=[Subtitles("de", "Deutsch", "s/de.m3u8")]),
        ),
        ("media.m3u8", playlist.media(PLAN, "720p", rendition_parts(CHUNKS, "720p"), True)),
        ("media_growing.m3u8", playlist.media(PLAN, "720p", rendition_parts(CHUNKS[:2], "720p"), False)),
        ("iframes.m3u8", playlist.iframes(PLAN, "720p", rendition_parts(CHUNKS, "720p"), True)),
        ("storyboard.vtt", playlist.storyboard(PLAN)),
    ],
)
def test_text(name: str, text: str) -> None:
    assert_unchanged(name, text)


def test_audio_only() -> None:
    plan = make_plan(Source("mp4", 1, 20.0, 0.0, True, audio=LECTURE.audio))
    chunks, audio = encoded(plan)
    master = m3u8.loads(playlist.master(plan, chunks, audio))
    assert [(variant.uri, variant.stream_info.codecs) for variant in master.playlists] == [
        ("audio/index.m3u8", "mp4a.40.2")
    ]
    assert playlist.storyboard(plan) == "WEBVTT\n"


@settings(max_examples=20)
@given(sources.filter(lambda lecture: lecture.duration < 1800))
def test_m3u8_parser_reads_the_plan_back(lecture: Source) -> None:
    plan = make_plan(lecture)
    assert plan.video
    chunks, audio = encoded(plan)
    master = m3u8.loads(playlist.master(plan, chunks, audio))
    assert master.is_variant
    assert master.is_independent_segments
    assert [variant.uri for variant in master.playlists] == [f"{r.name}/index.m3u8" for r in plan.video.rungs]
    for variant, rung in zip(master.playlists, plan.video.rungs, strict=True):
        assert variant.stream_info.resolution == (rung.width, rung.height)
        assert variant.stream_info.frame_rate == pytest.approx(
            plan.video.fps_num / plan.video.fps_den, abs=0.001
        )
        assert variant.stream_info.bandwidth >= variant.stream_info.average_bandwidth > 0
        parts = rendition_parts(chunks, rung.name)
        media = m3u8.loads(playlist.media(plan, rung.name, parts, True))
        assert media.is_endlist
        assert sum(segment.duration for segment in media.segments) == pytest.approx(plan.duration, abs=0.001)
        assert max(round(segment.duration) for segment in media.segments) <= media.target_duration
        iframes = m3u8.loads(playlist.iframes(plan, rung.name, parts, True))
        assert iframes.is_i_frames_only
        assert len(iframes.segments) == -(-plan.video.frames // plan.video.gop_frames)


@given(sources.filter(lambda lecture: lecture.duration < 1800), st.data())
def test_growing_playlist_is_append_only(lecture: Source, data: st.DataObject) -> None:
    plan = make_plan(lecture)
    assert plan.video
    chunks, _ = encoded(plan)
    rung = data.draw(st.sampled_from([rung.name for rung in plan.video.rungs]))
    texts = [
        playlist.media(plan, rung, rendition_parts(chunks[:done], rung), False)
        for done in range(1, len(chunks) + 1)
    ]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_missing_segment_is_refused() -> None:
    parts = rendition_parts((CHUNKS[0], CHUNKS[2]), "720p")
    with pytest.raises(PlaylistError, match="segment 2 where 1 belongs"):
        playlist.media(PLAN, "720p", parts, False)


def test_second_init_segment_is_refused() -> None:
    first, second, *_ = rendition_parts(CHUNKS, "720p")
    other = msgspec.structs.replace(second, init_sha256="other")
    with pytest.raises(PlaylistError, match="another header"):
        playlist.media(PLAN, "720p", [first, other], False)


def test_audio_without_segments_is_not_in_the_master_playlist() -> None:
    assert AUDIO_RESULT
    nothing = RenditionPart(AUDIO, 1, 48_000, "", "", 0, ())
    text = playlist.master(PLAN, CHUNKS[:1], AudioResult(part=nothing, complete=False))
    assert "audio" not in text.lower()


rates = st.lists(st.tuples(st.integers(0, 10**7), st.floats(0.04, 6.0)), min_size=1, max_size=40)


@given(rates)
def test_peak_is_not_below_average(known: list[tuple[int, float]]) -> None:
    bandwidth = measure(known)
    assert bandwidth.peak >= bandwidth.average >= 0


@given(st.integers(1, 10**7), st.integers(1, 50))
def test_peak_of_constant_rate_is_the_rate(size: int, count: int) -> None:
    bandwidth = measure([(size, 6.0)] * count)
    assert bandwidth.peak == pytest.approx(size * 8 / 6, abs=1)
    assert bandwidth.average == pytest.approx(size * 8 / 6, abs=1)


def test_short_last_segment_does_not_set_the_peak() -> None:
    """Four frames including a keyframe have a high bitrate, which a decoder buffer absorbs."""
    assert measure([(6000, 6.0), (6000, 6.0), (2000, 0.16)]).peak < 12_000


def test_no_segments_have_no_bandwidth() -> None:
    assert measure([]) == Bandwidth(0, 0)


def test_keyframe_ticks_reach_to_the_next_keyframe() -> None:
    segment = Segment(0, 150, 1000, ((0, 10, 0), (300, 10, 50), (600, 10, 100)))
    assert playlist.keyframe_ticks(segment) == [50, 50, 50]
