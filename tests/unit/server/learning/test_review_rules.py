"""Stars and texts of reviews."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.reviews import rules


@given(st.lists(st.integers(1, 5), max_size=50))
def test_average_is_between_one_and_five(stars: list[int]) -> None:
    mean = rules.average(sum(stars), len(stars))
    assert (mean is None) == (not stars)
    assert mean is None or min(stars) <= mean <= max(stars)


@pytest.mark.parametrize("stars", [-1, 0, 6, 10**9])
def test_other_stars_are_refused(stars: int) -> None:
    with pytest.raises(Invalid):
        rules.clean_stars(stars)


@given(st.text(max_size=4))
def test_what_is_no_number_of_stars_is_refused(text: str) -> None:
    if text in ("1", "2", "3", "4", "5"):
        assert rules.clean_stars(rules.typed_stars(text)) == int(text)
    else:
        with pytest.raises(Invalid):
            rules.clean_stars(rules.typed_stars(text))


def test_text_may_be_empty_and_has_an_end() -> None:
    assert rules.clean_text(" \n ") == ""
    assert rules.clean_text("a" * 2000) == "a" * 2000
    with pytest.raises(Invalid):
        rules.clean_text("a" * 2001)
