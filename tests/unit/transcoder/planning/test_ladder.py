from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.transcoder.lectures import streams
from transcoder.media import VideoStream
from transcoder.planning.ladder import LADDER, LONG_SIDE, even, ladder


def of(width: int, height: int) -> list[tuple[str, int, int]]:
    return [
        (rung.name, rung.width, rung.height) for rung in ladder(VideoStream(0, "h264", width, height, 25, 1))
    ]


@pytest.mark.parametrize(
    ("size", "rungs"),
    [
        ((1920, 1080), [("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480)]),
        ((3840, 2160), [("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480)]),
        ((1080, 1920), [("1080p", 1080, 1920), ("720p", 720, 1280), ("480p", 480, 854)]),
        ((1440, 1080), [("1080p", 1440, 1080), ("720p", 960, 720), ("480p", 640, 480)]),
        ((1278, 718), [("480p", 854, 480)]),
        ((320, 180), [("180p", 320, 180)]),
        ((2, 2), [("2p", 2, 2)]),
        ((16_384, 478), [("120p", 4096, 120)]),  # 4096 pixels of aspect 4:1
        ((9000, 1100), [("500p", 4090, 500), ("480p", 3928, 480)]),
    ],
)
def test_rungs(size: tuple[int, int], rungs: list[tuple[str, int, int]]) -> None:
    assert of(*size) == rungs


@given(streams)
def test_ladder_never_upscales(video: VideoStream) -> None:
    for rung in ladder(video):
        assert rung.width <= video.width
        assert rung.height <= video.height


@given(streams)
def test_rungs_are_ordered_best_first(video: VideoStream) -> None:
    rungs = ladder(video)
    assert 1 <= len(rungs) <= len(LADDER)
    assert [rung.height for rung in rungs] == sorted({rung.height for rung in rungs}, reverse=True)


@given(streams)
def test_rung_sizes_are_even_and_keep_the_aspect_ratio(video: VideoStream) -> None:
    """With a tolerance of one pixel of rounding on the longer side."""
    for rung in ladder(video):
        assert rung.width % 2 == rung.height % 2 == 0
        short, long = sorted((rung.width, rung.height))
        scale = Fraction(max(video.width, video.height), min(video.width, video.height))
        assert abs(long - short * scale) <= 1 or long in (video.width, video.height, LONG_SIDE)


@given(st.integers(2, 40_000), st.integers(2, 40_000))
def test_no_side_is_longer_than_decoders_take(width: int, height: int) -> None:
    rungs = ladder(VideoStream(0, "h264", width - width % 2, height - height % 2, 25, 1))
    assert all(max(rung.width, rung.height) <= LONG_SIDE for rung in rungs)
    assert len({(rung.width, rung.height) for rung in rungs}) == len(rungs)


@pytest.mark.parametrize(
    ("pixels", "expected"), [(853.33, 854), (853, 852), (0.4, 2), (480, 480), (481.2, 482)]
)
def test_even(pixels: float, expected: int) -> None:
    assert even(pixels) == expected
