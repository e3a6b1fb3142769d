"""Ranges, weeks, terms, rates and changes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.analytics import rules
from server.analytics.rules import Range
from server.core.errors import Invalid

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31)).map(date.isoformat)


@given(DAYS, st.integers(1, 400))
def test_range_before_touches_and_is_as_long(last: str, count: int) -> None:
    found = rules.trailing(last, count)
    assert (found.last, found.count, len(found.days)) == (last, count, count)
    before = found.before
    assert before.count == count
    assert rules.later(before.last, 1) == found.first
    assert [*before.days, *found.days] == rules.trailing(last, 2 * count).days


@given(DAYS, st.integers(1, 200))
def test_every_day_is_in_one_week(last: str, count: int) -> None:
    found = rules.trailing(last, count)
    mondays = list(rules.mondays(found))
    assert {rules.monday(day) for day in found.days} == set(mondays)
    assert all(date.fromisoformat(day).weekday() == 0 for day in mondays)
    assert all(rules.week(day) == rules.week(rules.monday(day)) for day in found.days)


def test_week_53_leap_day_and_edges_of_months() -> None:
    assert [rules.week(day) for day in ("2026-12-31", "2027-01-03", "2027-01-04")] == [
        "2026-W53", "2026-W53", "2027-W01",
    ]  # fmt: skip
    assert rules.week("2032-12-31") == "2032-W53"
    assert Range("2028-02-28", "2028-03-01").days == ["2028-02-28", "2028-02-29", "2028-03-01"]
    assert Range("2028-03-01", "2028-03-31").before == Range("2028-01-30", "2028-02-29")
    assert rules.month("2028-02-29") == "2028-02"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-02", "2026-11-01"),
        ("2026-11-01", "2026-11-23"),
        ("2020-01-01", "2026-11-01"),
        ("1969-01-01", "1969-01-02"),
        ("", "2026-11-01"),
        ("2026-02-30", "2026-03-01"),
        ("x", "y"),
    ],
)
def test_impossible_ranges_are_refused(first: str, last: str) -> None:
    with pytest.raises(Invalid):
        rules.custom(first, last, "2026-11-22")


def test_typed_range_is_taken() -> None:
    assert rules.custom(" 2026-11-01 ", "2026-11-22", "2026-11-22") == Range("2026-11-01", "2026-11-22")


def test_term_begins_after_two_weeks_off() -> None:
    today = "2026-11-22"
    summer = Range("2026-08-01", "2026-09-30").days
    sundays = [day for day in rules.trailing(today, 60).days if date.fromisoformat(day).weekday() == 6]
    assert rules.term([*summer, *sundays[:-1]], today) == Range("2026-10-01", today)
    assert rules.term(sundays[:-1], today) is None
    assert rules.term([*summer, today], today) is None
    assert rules.term(Range("2026-11-09", "2026-11-21").days, today) is None  # 13 days


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_rates_have_no_value_without_a_whole(part: int, whole: int) -> None:
    found = rules.percent(part, whole)
    assert (found is None) == (whole == 0)
    assert (rules.change(part, whole) is None) == (whole == 0)
    if found is not None and part <= whole:
        assert 0 <= found <= 100


def test_change() -> None:
    assert (rules.change(15, 10), rules.change(5, 10), rules.change(10, 10)) == (50.0, -50.0, 0.0)


@pytest.mark.parametrize("wrong", ["", "2026-11-22", "2026-11-23", "2026-02-30", "1970", "20261121x"])
def test_only_days_that_are_over_are_computed(wrong: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_day(wrong, "2026-11-22")
    assert rules.clean_day("2026-11-21", "2026-11-22") == "2026-11-21"


def test_later_goes_over_years() -> None:
    assert rules.later("2026-12-31", 1) == "2027-01-01"
    assert date.fromisoformat(rules.later("2026-01-01", 400)) == date(2026, 1, 1) + timedelta(days=400)
