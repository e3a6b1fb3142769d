"""Frames of a storyboard along the time axis."""

from hypothesis import given
from hypothesis import strategies as st

from server.watching.insight.strip import FRAME_COUNTS, Frame, frames
from transcoder.planning.plan import StoryboardPlan


def board(tiles: int) -> StoryboardPlan:
    return StoryboardPlan(interval=10.0, interval_frames=250, tiles=tiles, width=320, height=180)


@given(st.integers(0, 4000), st.floats(0.1, 10.0))
def test_frames_begin_at_even_parts_and_show_their_moment(tiles: int, last: float) -> None:
    duration = max(0.1, (tiles - 1) * 10.0 + last)
    found = frames(board(tiles), duration)
    if not tiles:
        assert found == ()
        return
    assert len(found) in FRAME_COUNTS
    for number, frame in enumerate(found):
        assert frame.at == duration * number / len(found)
        tile = frame.sheet * 100 + frame.row * 10 + frame.column
        assert 0 <= frame.column < 10
        assert 0 <= frame.row < 10
        assert tile < tiles
        assert tile * 10.0 <= frame.at + 1e-6


def test_frames_of_an_hour() -> None:
    found = frames(board(360), 3600.0)
    assert len(found) == 10
    assert found[3] == Frame(1080.0, 1, 8, 0)


def test_short_lecture_has_few_frames() -> None:
    assert [len(frames(board(tiles), tiles * 10.0)) for tiles in (1, 2, 3, 5, 6, 10)] == [1, 2, 2, 4, 6, 10]
