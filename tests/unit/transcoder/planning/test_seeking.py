"""Seek targets: never after the first frame needed, and as close before it as possible."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.transcoder.lectures import source
from transcoder.media import Source, VideoStream
from transcoder.planning import seeking
from transcoder.planning.seeking import MARGIN, SEARCHED

FRAME = 1 / 25
KEYFRAMES = (0.0, 10.0, 19.92, 30.0, 40.12, 40.52)


def of(container: str = "mov", **traits: object) -> tuple[Source, VideoStream]:
    lecture = source(seconds=900.0, **{"keyframes": KEYFRAMES} | traits)  # type: ignore[arg-type]
    assert lecture.video
    return msgspec.structs.replace(lecture, container=container), lecture.video


@pytest.mark.parametrize(
    ("start", "keyframe"), [(12.0, 10.0), (18.0, 10.0), (20.0, 19.92), (30.0, 30.0), (48.0, 40.52)]
)
def test_seek_targets_the_keyframe(start: float, keyframe: float) -> None:
    seek_target = seeking.seek_target(*of(), start)
    assert seek_target is not None
    assert keyframe < seek_target < keyframe + FRAME / 2  # rounding must not select the previous keyframe
    assert seeking.wasted_seconds(*of(), start) == pytest.approx(start - keyframe)


@pytest.mark.parametrize("start", [0.0, 0.5, 1.0])
def test_start_of_the_file_needs_no_seek(start: float) -> None:
    assert seeking.seek_target(*of(), start) is None
    assert seeking.wasted_seconds(*of(), start) == start


@pytest.mark.parametrize(
    ("container", "traits", "start", "wasted_seconds"),
    [
        ("matroska", {}, 30.0, 10.08),  # its demuxer seeks by decode time
        ("matroska", {}, 42.0, 1.48),
        ("mov", {"interlaced": True}, 30.0, 10.08),  # the deinterlacer needs earlier frames
        ("mov", {}, 40.2, 10.2),  # another keyframe follows within the margin
        ("mov", {}, 39.5, 9.5),
    ],
)
def test_seek_with_margin(
    container: str, traits: dict[str, object], start: float, wasted_seconds: float
) -> None:
    assert seeking.seek_target(*of(container, **traits), start) == start - MARGIN
    assert seeking.wasted_seconds(*of(container, **traits), start) == pytest.approx(wasted_seconds)


@pytest.mark.parametrize(
    ("keyframes", "start"), [((), 30.0), (KEYFRAMES, SEARCHED - MARGIN), (KEYFRAMES, SEARCHED + 60)]
)
def test_unknown_keyframes_seek_with_margin(keyframes: tuple[float, ...], start: float) -> None:
    assert seeking.seek_target(*of(keyframes=keyframes), start) == start - MARGIN
    assert seeking.wasted_seconds(*of(keyframes=keyframes), start) is None


@given(
    st.lists(st.floats(0, 600), max_size=40).map(lambda times: tuple(sorted(times))),
    st.floats(0, 700),
    st.sampled_from(("mov", "matroska")),
)
def test_seek_target_is_never_after_the_start(
    keyframes: tuple[float, ...], start: float, container: str
) -> None:
    lecture, video = of(container, keyframes=keyframes)
    seek_target = seeking.seek_target(lecture, video, start)
    assert seek_target is None or seek_target <= start + FRAME / 2
    wasted = seeking.wasted_seconds(lecture, video, start)
    assert wasted is None or -FRAME / 2 <= wasted <= start


FRAMECRC = """#software: Lavf
#tb 0: 1/12800
#media_type 0: video
0,      27136,      28160,      512,     7000, 0x11111111
0,     156160,     158208,      512,     9000, 0x22222222
"""


def test_keyframes_are_read_from_framecrc() -> None:
    assert seeking.read_keyframes(FRAMECRC, start=2.2) == (0.0, 10.08)


@pytest.mark.parametrize("nothing", ["", "#tb 0: 1/12800\n"])
def test_empty_framecrc_has_no_keyframes(nothing: str) -> None:
    assert seeking.read_keyframes(nothing, start=0.0) == ()


def test_dense_keyframes_are_dropped() -> None:
    lines = [f"0, {n}, {n}, 1, 7000, 0x11111111" for n in range(int(SEARCHED) + 1)]
    assert seeking.read_keyframes("\n".join(["#tb 0: 1/25", *lines]), start=0.0) == ()
    assert len(seeking.read_keyframes("\n".join(["#tb 0: 1/25", *lines[1:]]), start=0.0)) == SEARCHED
