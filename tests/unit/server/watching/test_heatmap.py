"""Counts over a hundred steps against the middle of each step."""

from hypothesis import given
from hypothesis import strategies as st

from server.watching import spans
from server.watching.insight import heatmap
from server.watching.insight.heatmap import STEPS, Drop

HOUR = 36_000
raw = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 4000)), max_size=6).map(spans.union)


def test_whole_lecture_is_seen_at_every_step() -> None:
    assert heatmap.counts([((0, HOUR),)] * 3, HOUR) == [3] * STEPS
    assert heatmap.counts([], HOUR) == [0] * STEPS
    assert heatmap.counts([((0, 100),)], 0) == [0] * STEPS


def test_first_half_is_fifty_steps() -> None:
    assert heatmap.counts([((0, HOUR // 2),)], HOUR) == [1] * 50 + [0] * 50


@given(st.lists(raw, max_size=5), st.integers(1, 4000))
def test_step_counts_whoever_has_seen_its_middle(drawn: list[spans.Spans], duration: int) -> None:
    clipped = [spans.clip(one, duration) for one in drawn]
    found = heatmap.counts(clipped, duration)
    for step in range(STEPS):
        middle = (2 * step + 1) * duration / (2 * STEPS)
        assert found[step] == sum(start <= middle < end for one in clipped for start, end in one)


def test_largest_losses_are_named_in_order() -> None:
    retention = [100] * 20 + [70] * 30 + [65] * 20 + [25] * 25 + [0] * 5
    assert heatmap.drops(retention, 100, HOUR) == [Drop(720.0, 30), Drop(2520.0, 40)]


def test_slow_losses_and_the_end_are_no_drop() -> None:
    assert heatmap.drops([100 - step for step in range(STEPS)], 100, HOUR) == []
    assert heatmap.drops([100] * 95 + [0] * 5, 100, HOUR) == []
