import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.playback import rules
from storage.objects import keys

VIDEO = "v" * 32


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (keys.init(VIDEO, "1080p", 2), "video/mp4"),
        (keys.segment(VIDEO, "480p", 699, 1), "video/mp4"),
        (keys.segment(VIDEO, "audio", 0, 3), "audio/mp4"),
        (keys.poster(VIDEO), "image/jpeg"),
        (keys.thumbnail(VIDEO), "image/jpeg"),
        (keys.storyboard_sheet(VIDEO, 4), "image/jpeg"),
        (keys.storyboard_index(VIDEO), "text/vtt; charset=utf-8"),
    ],
)
def test_content_type_of_published_objects(key: str, kind: str) -> None:
    assert rules.content_type(key.removeprefix(keys.video(VIDEO))) == kind


@pytest.mark.parametrize(
    "path",
    [
        "",
        "../originals/x.mp4",
        "1080p/../../x",
        "1080p/00001.1.m4s/..",
        "tiles/00001.1.jpg",
        "1080p/%2e%2e/x",
        "Master.m3u8",
        "1080p/00001.1.m4s\n",
    ],
)
def test_other_paths_have_no_content_type(path: str) -> None:
    assert rules.content_type(path) is None


@pytest.mark.parametrize(
    ("header", "want"),
    [
        (None, None),
        ("bytes=0-99", rules.Span(0, 100)),
        ("bytes=900-", rules.Span(900, 100)),
        ("bytes=-10", rules.Span(990, 10)),
        ("bytes=-5000", rules.Span(0, 1000)),
        (f"bytes=-{'9' * 5000}", rules.Span(0, 1000)),
        (f"bytes={'0' * 5000}990-", rules.Span(990, 10)),
        ("bytes=990-5000", rules.Span(990, 10)),
        ("bytes=0-1,5-6", None),
        ("bytes=9-1", None),
        ("bytes=-", None),
        ("items=0-1", None),
    ],
)
def test_byte_ranges(header: str | None, want: rules.Span | None) -> None:
    assert rules.span(header, 1000) == want


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", f"bytes={'9' * 5000}-"])
def test_ranges_outside_the_file_are_unsatisfiable(header: str) -> None:
    with pytest.raises(rules.Unsatisfiable):
        rules.span(header, 1000)


@given(st.text(alphabet="bytes=-0123456789, ", max_size=20), st.integers(1, 10_000))
def test_span_stays_within_the_file(header: str, size: int) -> None:
    try:
        span = rules.span(header, size)
    except rules.Unsatisfiable:
        return
    assert span is None or (span.start >= 0 and span.length > 0 and span.start + span.length <= size)
