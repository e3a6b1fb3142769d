"""Periods of boards and weekly groups: pure rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.xp import rules
from storage.states import Timeframe

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(days, days, st.sampled_from(Timeframe))
def test_days_of_a_period_are_those_that_count_in_it(day: date, other: date, timeframe: Timeframe) -> None:
    name = rules.period(timeframe, day.isoformat())
    first, last = rules.days_of(timeframe, name)
    inside = not last or first <= other.isoformat() <= last
    assert inside == (rules.period(timeframe, other.isoformat()) == name)
    for label in (first, last):
        assert not label or date.fromisoformat(label).isoformat() == label


@given(days)
def test_the_day_before_the_current_period_is_in_the_last_one(day: date) -> None:
    for timeframe, names in rules.kept(day.isoformat()).items():
        if timeframe == Timeframe.ALL_TIME:
            assert names == ("",)
            continue
        first, _ = rules.days_of(timeframe, names[0])
        before = date.fromisoformat(first) - timedelta(days=1)
        assert names == (
            rules.period(timeframe, day.isoformat()),
            rules.period(timeframe, before.isoformat()),
        )


def test_a_week_may_lie_in_two_years() -> None:
    assert rules.period(Timeframe.WEEKLY, "2027-01-01") == "2026-12-28"
    assert rules.kept("2027-01-01")[Timeframe.WEEKLY] == ("2026-12-28", "2026-12-21")
    assert rules.kept("2027-01-01")[Timeframe.MONTHLY] == ("2027-01", "2026-12")


@pytest.mark.parametrize(
    ("xp", "band"), [(0, 0), (1, 1), (99, 1), (100, 2), (399, 2), (400, 3), (1599, 3), (1600, 4), (6400, 5)]
)
def test_bands_are_fourfold(xp: int, band: int) -> None:
    assert rules.band(xp) == band


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_xp_is_never_a_lower_band(one: int, other: int) -> None:
    assert (rules.band(one) <= rules.band(other)) or one > other


def test_groups_fill_up_to_thirty() -> None:
    joined, last, members = [], 1, 0
    for _ in range(65):
        number = rules.group_number(last, members)
        last, members = number, members + 1 if number == last else 1
        joined.append(number)
    assert [joined.count(number) for number in (1, 2, 3)] == [30, 30, 5]
