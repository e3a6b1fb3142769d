"""Ranks of teams by the exact average of their learners, and their names."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.gamification.teams import rules
from server.gamification.teams.rules import Score

SCORES = st.lists(
    st.builds(
        Score,
        id=st.uuids().map(str),
        name=st.text(max_size=3),
        people=st.integers(0, 9),
        xp=st.integers(0, 60),
    ),
    max_size=12,
)


def test_size_does_not_win() -> None:
    large, small = Score("a", "Large", 30, 3000), Score("b", "Small", 3, 330)
    assert [(rank, one.id) for rank, one in rules.ranks([large, small])] == [(1, "b"), (2, "a")]


def test_ties_share_a_rank_and_leave_a_gap() -> None:
    scores = [Score("a", "A", 3, 30), Score("b", "B", 6, 60), Score("c", "C", 4, 36), Score("d", "D", 3, 0)]
    assert [(rank, one.id) for rank, one in rules.ranks(scores)] == [
        (1, "a"),
        (1, "b"),
        (3, "c"),
        (None, "d"),
    ]


def test_two_learners_have_no_place() -> None:
    assert list(rules.ranks([Score("a", "A", 2, 500), Score("b", "B", 0, 0)])) == []


@given(SCORES)
def test_ranks_count_the_teams_with_a_higher_average(scores: list[Score]) -> None:
    found = list(rules.ranks(scores))
    shown = [one for one in scores if one.people >= 3]
    assert sorted(one.id for _, one in found) == sorted(one.id for one in shown)
    for rank, one in found:
        average = Fraction(one.xp, one.people)
        higher = sum(Fraction(other.xp, other.people) > average for other in shown)
        assert rank == (1 + higher if one.xp else None)
    averages = [Fraction(one.xp, one.people) for _, one in found]
    assert averages == sorted(averages, reverse=True)


@pytest.mark.parametrize("text", ["", " ", "\u3164", "x" * 81, "a\ud800"])
def test_name_that_cannot_be_used(text: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_name(text)


def test_name_is_normalised() -> None:
    assert rules.clean_name("  Class \n 10b ") == "Class 10b"
