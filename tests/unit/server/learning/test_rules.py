"""Rules of completion: what is missing, and progress between 0 and 100."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.learning import rules
from server.watching import spans

HOUR = 36_000
any_spans = st.lists(st.tuples(st.integers(-100, 40_000), st.integers(-100, 40_000)), max_size=8).map(
    spans.union
)


@pytest.mark.parametrize(
    ("covered", "seconds", "gaps"),
    [
        ((), 3240.0, ((0, 3600),)),
        (((0, 7_500), (10_000, HOUR)), 0.0, ()),
        (((0, 7_500), (12_000, 30_000), (35_000, HOUR)), 590.0, ((750, 1200), (3000, 3500))),
        (((0, 32_395),), 0.5, ((3239.5, 3600),)),
        (((0, 10_000), (10_005, 20_000)), 1240.5, ((2000, 3600),)),  # half a second is no place to go to
    ],
)
def test_missing(covered: spans.Spans, seconds: float, gaps: object) -> None:
    left = rules.missing(covered, HOUR, 90)
    assert left.seconds == pytest.approx(seconds)
    assert left.gaps == gaps


@given(any_spans, st.integers(1, 40_000), st.integers(0, 100))
def test_watching_every_gap_completes(covered: spans.Spans, duration: int, threshold: int) -> None:
    left = rules.missing(covered, duration, threshold)
    assert 0 <= left.seconds * spans.TENTHS <= duration
    if left.seconds:
        rest = spans.difference(((0, duration),), spans.clip(covered, duration))
        assert rules.missing(spans.union(covered, rest), duration, threshold).seconds == 0
        assert left.gaps


@given(st.integers(0, 500), st.integers(0, 500))
def test_progress_stays_between_0_and_100(done: int, required: int) -> None:
    assert 0 <= rules.percent(done, required) <= 100
    assert (rules.percent(done, required) == 100) == (0 < required <= done)
