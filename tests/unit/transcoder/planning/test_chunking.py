"""Chunk sizes: short at both ends of the lecture, ending near keyframes where those are known."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from transcoder.planning.chunking import FIXED, LONG, PART, RAMP, WastedSeconds, sizes

totals = st.integers(1, 3000)
parts = st.floats(0.01, 1.0)


def unknown(_segment: int) -> None:
    return None


def every(seconds: float, segment: float = 6.0) -> WastedSeconds:
    return lambda number: number * segment % seconds


known = st.floats(1.0, 90.0).map(every)


@given(totals, parts, known | st.just(unknown))
def test_chunk_sizes_sum_up_to_the_lecture(total: int, last: float, wasted_seconds: WastedSeconds) -> None:
    made = list(sizes(total, last, wasted_seconds))
    assert sum(made) == total
    assert min(made) >= 1
    assert max(made) <= LONG * 3 / 2


@given(totals, parts, known)
def test_first_chunks_stay_short(total: int, last: float, wasted_seconds: WastedSeconds) -> None:
    made, usual = list(sizes(total, last, wasted_seconds)), list(sizes(total, last, unknown))
    assert made[: FIXED - 1] == usual[: FIXED - 1]
    # At most half longer, so that the playhead does not catch up with the encoders.
    assert all(size <= wanted + (wanted + 1) // 2 for size, wanted in zip(made[:-1], RAMP, strict=False))


@given(totals, known | st.just(unknown))
def test_chunk_is_limited_by_the_remaining_segments(total: int, wasted_seconds: WastedSeconds) -> None:
    done = 0
    for size in sizes(total, 1.0, wasted_seconds):
        assert size <= ceil((total - done) / PART)
        done += size


def test_sizes_without_keyframes() -> None:
    made = list(sizes(600, 1.0, unknown))
    assert made[:9] == [*RAMP, 8, 8]
    assert made[-4:] == [4, 3, 2, 1]
    assert len(made) < 80


def test_last_chunks_of_a_short_lecture_are_small() -> None:
    assert list(sizes(20, 1.0, unknown)) == [1, 1, 1, 2, 3, 3, 4, 2, 2, 1]


def test_chunks_end_near_keyframes() -> None:
    wasted_seconds = every(10.0)
    cuts, wasted = 0, 0.0
    for size in list(sizes(100, 1.0, wasted_seconds))[:-1]:
        cuts += size
        wasted += wasted_seconds(cuts) or 0.0
    usual, lost = 0, 0.0
    for size in list(sizes(100, 1.0, unknown))[:-1]:
        usual += size
        lost += wasted_seconds(usual) or 0.0
    assert wasted < lost / 2


def test_half_a_segment_joins_the_last_chunk() -> None:
    assert list(sizes(4, 0.4, unknown)) == [1, 1, 2]
    assert list(sizes(4, 0.5, unknown)) == [1, 1, 1, 1]
