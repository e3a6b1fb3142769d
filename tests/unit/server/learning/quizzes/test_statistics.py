"""Difficulty and discrimination of questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.learning.quizzes import statistics

shares = st.sampled_from([0.0, 0.5, 1.0])
attempts = st.lists(st.dictionaries(st.sampled_from("abcd"), shares), max_size=30)


def test_figures_of_a_good_and_a_bad_question() -> None:
    """`good` is right where the rest is right, `bad` the other way round."""
    strong = [{"good": 1.0, "bad": 0.0, "x": 1.0, "y": 1.0}] * 5
    weak = [{"good": 0.0, "bad": 1.0, "x": 0.0, "y": 0.0}] * 5
    found = statistics.figures(strong + weak)
    assert (found["good"].asked, found["good"].right, found["good"].difficulty) == (10, 5, 0.5)
    assert found["good"].discrimination == pytest.approx(1)
    assert found["bad"].discrimination == pytest.approx(-1)


def test_point_biserial_by_hand() -> None:
    """Sum of products 0.7, sums of squares 1.2 and 0.7: r = 0.7 / sqrt(0.84)."""
    rest = [1.0, 0.5, 0.5, 0.0, 1.0]
    right = [1.0, 1.0, 0.0, 0.0, 1.0]
    found = statistics.figures([{"q": a, "r": b} for a, b in zip(right, rest, strict=True)])
    assert found["q"].discrimination == pytest.approx(0.7638, abs=1e-4)


def test_nothing_under_five_attempts() -> None:
    found = statistics.figures([{"q": 1.0}] * 4)
    assert found == {"q": statistics.ItemFigures(asked=4)}
    assert statistics.figures([{"q": 1.0}] * 5)["q"].discrimination is None  # all alike


@given(attempts)
def test_figures_stay_in_their_range(found: list[dict[str, float]]) -> None:
    for item in statistics.figures(found).values():
        assert (item.difficulty is None) == (item.asked < statistics.FEWEST)
        assert item.difficulty is None or 0 <= item.difficulty <= 1
        assert item.discrimination is None or -1 <= item.discrimination <= 1
