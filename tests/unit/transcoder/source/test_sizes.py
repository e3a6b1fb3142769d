"""Largest frame of a video whose size changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.transcoder.source.test_headers import VIDEO, read
from transcoder.source import headers, rejections, sizes
from transcoder.source.headers import Headers, Stream

FIRST = Stream(index=0, codec_type="video", width=640, height=480)


def found(container: str = "matroska,webm", **video: object) -> Headers:
    return read({**VIDEO, "width": 640, "height": 360, "duration": "32.0", **video}, container=container)


@pytest.mark.parametrize(
    ("csv", "size"),
    [
        ("", (640, 480)),
        ("640,480,1:1\n1920,1080,1:1\n640,480,1:1\n", (1920, 1080)),
        ("1280,720,1:1\n1920,1080,1:1\n1280,720,1:1\n", (1920, 1080)),
        ("320,240,1:1\n", (640, 480)),
        ("1280,360,1:1\n", (640, 480)),  # wider, but less high
        ("720,480,8:9\n", (640, 480)),  # the same with square pixels
        ("1280,720,N/A\n", (1280, 720)),
        ("1280,720,1:1,\n", (1280, 720)),  # with side data
        ("N/A,N/A,1:1\nside data\n", (640, 480)),
        (f"{rejections.LONGEST_SIDE + 2},1080,1:1\n", (640, 480)),
    ],
)
def test_largest(csv: str, size: tuple[int, int]) -> None:
    shape = headers.shape(sizes.largest(csv, FIRST))
    assert (shape.width, shape.height) == size


@given(st.lists(st.tuples(st.integers(16, 9000), st.integers(16, 9000)), max_size=16))
def test_never_smaller_than_the_first_nor_than_what_contains_it(seen: list[tuple[int, int]]) -> None:
    best = sizes.largest("".join(f"{width},{height},1:1\n" for width, height in seen), FIRST)
    assert best.width >= FIRST.width
    assert best.height >= FIRST.height
    assert (best.width, best.height) in {(FIRST.width, FIRST.height), *seen}


def test_places_are_all_over_the_video() -> None:
    headers_found = found()
    listed = sizes.places(headers_found, headers_found.streams[0])
    assert listed is not None
    times = [float(place.partition("%")[0]) for place in listed.split(",")]
    assert times == [1.0 + 2 * n for n in range(sizes.PLACES)]


@pytest.mark.parametrize(
    "headers_found",
    [
        found(width=1920, height=1080),  # no larger rung
        found(field_order="tt"),
        found("mpegts"),
        found("avi"),
        found(duration=""),
    ],
)
def test_nothing_is_looked_at_where_it_cannot_matter(headers_found: Headers) -> None:
    assert sizes.places(headers_found, headers_found.streams[0]) is None
