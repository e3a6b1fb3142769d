"""Age limits of data: what people type, and which day a limit reaches."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.operations.privacy.rules import MOST_MONTHS, clean_limits, months_before
from storage.states.privacy import RetentionKind

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(DAYS, st.integers(0, MOST_MONTHS))
def test_the_same_day_of_an_earlier_month_or_its_last_one(day: date, months: int) -> None:
    found = date.fromisoformat(months_before(day.isoformat(), months))
    assert (day.year - found.year) * 12 + day.month - found.month == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


@given(DAYS, DAYS, st.integers(1, MOST_MONTHS))
def test_a_later_day_reaches_no_less(day: date, other: date, months: int) -> None:
    first, last = sorted((day.isoformat(), other.isoformat()))
    assert months_before(first, months) <= months_before(last, months)


def test_empty_keeps_and_numbers_are_months() -> None:
    found = clean_limits({"facts": " 24 ", "audit": ""})
    assert found[RetentionKind.FACTS] == 24
    assert [kind for kind, months in found.items() if months is None] == [
        kind for kind in RetentionKind if kind != RetentionKind.FACTS
    ]


@pytest.mark.parametrize("typed", ["0", "241", "-1", "1.5", "soon", "٣", "9999999"])
def test_anything_else_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_limits({"sessions": typed})
    assert list(refused.value.fields) == ["sessions"]
