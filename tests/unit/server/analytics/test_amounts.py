"""Amounts of money as they are typed: none is taken for a thousand times what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.analytics.payments.entering import clean_amount
from server.core.errors import Invalid
from server.core.text.money import major


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        *((text, "EUR", 123_450) for text in ("1,234.50", "1.234,50", "1 234,50", "1234.5", "EUR 1'234.50")),
        *((text, "EUR", 123_400) for text in ("1234", "€1234", "1 234", "1.234,0", "1234,")),
        *((text, "EUR", 123_456_700) for text in ("1,234,567", "1.234.567")),
        ("10.00", "EUR", 1000),
        ("10,5", "EUR", 1050),
        *((text, "JPY", 1234) for text in ("1,234", "1.234", "1234", "1 234", "¥1,234")),
        *((text, "JPY", 5000) for text in ("5,000", "5.000")),
        *((text, "KWD", 1234) for text in ("1.234", "1,234", "KWD 1.234")),
        *((text, "KWD", 1_234_000) for text in ("1234", "1 234", "1,234.000", "1.234,0")),
    ],
)
def test_amounts_that_are_clear(text: str, currency: str, minor: int) -> None:
    assert clean_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "10.005",
            "“10.005” can be read as 10.005 or as 10005. Write 10005.00 for the larger one, or 10.01, with 2"
            " decimal places, for the smaller one.",
        ),
        ("1,234", "“1,234” can be read as 1.234 or as 1234. Write 1234.00"),
        ("€1.000", "“€1.000” can be read as 1.000 or as 1000. Write 1000.00 for the larger one, or 1.00"),
        ("0,123", "An amount in EUR has at most 2 decimal places."),
        ("1234.567", "An amount in EUR has at most 2 decimal places."),
    ],
)
def test_amount_that_could_be_another_is_asked_back(text: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_amount(text, "EUR")
    assert str(refused.value).startswith(told)


@given(st.integers(1, 10**9), st.sampled_from(["EUR", "JPY", "KWD"]), st.booleans())
def test_amount_is_read_back_from_its_file_and_from_its_page(minor: int, currency: str, german: bool) -> None:
    amount = major(minor, currency)
    assert clean_amount(str(amount), currency) == minor
    if not str(amount).isdigit() and amount >= 1000:
        grouped = f"{amount:,}"
        text = grouped.translate(str.maketrans(",.", ".,")) if german else grouped
        assert clean_amount(text, currency) == minor


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(",."))
def test_one_mark_before_three_digits_is_no_amount_of_two_places(whole: int, rest: int, mark: str) -> None:
    with pytest.raises(Invalid, match="can be read as"):
        clean_amount(f"{whole}{mark}{rest:03}", "EUR")
