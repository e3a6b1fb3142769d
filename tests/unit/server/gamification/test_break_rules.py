"""Planned breaks: which are taken, what is left of one that is stopped, and the months of a calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Conflict, Invalid, Problem
from server.gamification.learner.streaks import rules
from server.gamification.learner.streaks.rules import BreakState
from server.gamification.xp.streaks import Break, Calendar, DayState, walk

TODAY = "2026-11-27"


def after(days: int, day: str = TODAY) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def test_break_of_thirty_days_from_tomorrow() -> None:
    assert rules.checked(after(1), after(30), [], TODAY) == Break(after(1), after(30))


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (after(0), after(3), rules.TOO_EARLY),
        (after(-3), after(3), rules.TOO_EARLY),
        (after(1), after(31), rules.TOO_LONG),
        (after(3), after(2), rules.REVERSED),
        (after(367), after(368), rules.TOO_LATE),
        ("9999-12-31", "9999-12-31", rules.TOO_LATE),
        ("2026-13-01", after(3), rules.NO_DAY),
        ("2027-02-29", after(3), rules.NO_DAY),
        ("20261201", after(9), rules.NO_DAY),
        ("٢٠٢٦-١٢-٠١", after(9), rules.NO_DAY),
        (after(1), "", rules.NO_DAY),
    ],
)
def test_refused_days(first: str, last: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked(first, last, [], TODAY)
    assert refused.value.message.key == told
    assert list(refused.value.fields) in (["first_day"], ["last_day"])


def test_days_that_count_already_are_not_taken_back() -> None:
    """The institution's zone was changed, and a day after today has been learned on."""
    with pytest.raises(Invalid):
        rules.checked(after(1), after(3), [], TODAY, settled=after(1))
    assert rules.checked(after(2), after(3), [], TODAY, settled=after(1))


def test_breaks_do_not_overlap_and_are_three_a_year() -> None:
    others = [Break(f"2027-0{month}-01", f"2027-0{month}-10") for month in (1, 3, 5)]
    with pytest.raises(Conflict) as overlap:
        rules.checked("2027-03-10", "2027-03-12", others, TODAY)
    assert overlap.value.message.key == rules.OVERLAP
    with pytest.raises(Conflict) as more:
        rules.checked("2027-03-11", "2027-03-12", others, TODAY)
    assert str(more.value) == "You have planned 3 breaks for that year. There are no more."
    assert rules.checked("2026-12-30", "2026-12-31", others, TODAY)


day_numbers = st.integers(-400, 400)


@given(first=day_numbers, length=st.integers(-5, 60), taken=st.lists(day_numbers, max_size=4))
def test_whatever_is_taken_keeps_the_limits(first: int, length: int, taken: list[int]) -> None:
    others = [Break(after(day), after(day + 9)) for day in taken]
    try:
        made = rules.checked(after(first), after(first + length), others, TODAY)
    except Problem:
        return
    assert made.first > TODAY
    assert 1 <= (date.fromisoformat(made.last) - date.fromisoformat(made.first)).days + 1 <= rules.MOST_DAYS
    assert all(made.last < other.first or other.last < made.first for other in others)


@given(
    first=st.integers(1, 40),
    length=st.integers(0, 29),
    stopped_on=st.integers(0, 80),
    learned=st.frozensets(st.integers(-10, 80), max_size=40),
)
def test_stopping_changes_no_day_up_to_today(
    first: int, length: int, stopped_on: int, learned: frozenset[int]
) -> None:
    """So that no call about breaks earns or takes XP of days that have been."""
    planned, today = Break(after(first), after(first + length)), after(stopped_on)
    days, calendar = {after(day) for day in learned}, Calendar()
    before = walk(days, calendar, [planned], today)
    try:
        left = rules.stopped(planned, today)
    except Conflict:
        assert rules.state(planned, today) == BreakState.OVER
        return
    assert walk(days, calendar, [left] if left else [], today) == before
    if left and stopped_on < first + length:
        tomorrow = walk(days, calendar, [left], after(stopped_on + 1)).days.get(after(stopped_on + 1))
        assert tomorrow != DayState.EXTRA or date.fromisoformat(after(stopped_on + 1)).weekday() > 4


def test_states() -> None:
    one = Break("2026-12-01", "2026-12-03")
    found = [rules.state(one, f"2026-{day}") for day in ("11-30", "12-01", "12-02", "12-03", "12-04")]
    assert found == ["planned", "running", "running", "over", "over"]


def test_months_and_weeks() -> None:
    assert rules.months("2026-11-30", "2027-02-01") == ["2027-02", "2027-01", "2026-12", "2026-11"]
    assert rules.months("2026-11-02", "2026-11-30") == ["2026-11"]
    november = rules.weeks("2026-11")
    assert november[0] == ["", "", "", "", "", "", "2026-11-01"]
    assert november[-1][0] == "2026-11-30"
    assert [len(week) for week in november] == [7] * 6
