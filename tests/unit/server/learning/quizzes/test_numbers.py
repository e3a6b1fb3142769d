"""Numbers as people type them: both decimal marks, groups, and what is asked back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.learning.quizzes import numbers
from server.learning.quizzes.numbers import Ambiguous

any_decimal = st.decimals(
    min_value=Decimal(-(10**12)), max_value=Decimal(10**12), places=6, allow_nan=False, allow_infinity=False
) | st.decimals(min_value=Decimal(-(10**9)), max_value=Decimal(10**9), places=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.14", "3.14"),
        ("3,14", "3.14"),
        (" −2,5 ", "-2.5"),
        (",5", "0.5"),
        ("5.", "5"),
        ("1234", "1234"),
        ("12345,678", "12345.678"),
        ("0,123", "0.123"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1,234,567", "1234567"),
        ("1.234.567,89", "1234567.89"),
        ("1 234,5", "1234.5"),
        ("1\u202f234\u202f567", "1234567"),
        ("1'234.5", "1234.5"),
        ("6.022e23", "6.022e23"),
        ("6,022E-3", "0.006022"),
        ("1,2340", "1.234"),
    ],
)
def test_readable(text: str, value: str) -> None:
    assert numbers.parse_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["1,234", "1.234", "12,345", "-123.456"])
def test_three_digits_behind_one_mark_are_asked_back(text: str) -> None:
    with pytest.raises(Ambiguous) as caught:
        numbers.parse_number(text)
    small, large = caught.value.readings
    assert large == small * 1000
    assert numbers.parse_number(numbers.plain(large)) == large
    assert f"Write {numbers.plain(large)} for the larger" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1,2,3",
        "1.2.3",
        "1,23.4.5",
        "1 2",
        "--1",
        "1e",
        "1e9999",
        "٣",
        "NaN",
        "inf",
        "." * 9,
        "9" * 99,
    ],
)
def test_no_number(text: str) -> None:
    with pytest.raises(Invalid):
        numbers.parse_number(text)


@given(any_decimal)
def test_what_is_written_is_read_as_the_same_number(value: Decimal) -> None:
    assert numbers.parse_number(numbers.written(value)) == value
    assert numbers.parse_number(numbers.written(value).replace(".", ",")) == value


@given(st.text(alphabet="0123456789.,e+- '", max_size=70))
def test_any_text_has_at_most_two_readings_or_is_refused(text: str) -> None:
    try:
        found = numbers.readings(text)
    except Invalid:
        return
    assert 1 <= len(found) <= 2
    assert all(value.is_finite() for value in found)


def test_tolerance_is_exact() -> None:
    assert numbers.is_near(Decimal("0.3"), Decimal("0.2"), Decimal("0.1"))
    assert not numbers.is_near(Decimal("0.30000000001"), Decimal("0.2"), Decimal("0.1"))
