"""Figures in their units, as pages of analytics write them."""

import pytest

from server.core.text.figures import figure
from server.core.text.i18n import in_language
from server.core.text.money import amount


@pytest.mark.parametrize(
    ("value", "unit", "currency", "text"),
    [
        (None, "people", "", "–"),
        (None, "percent", "", "–"),
        (0, "people", "", "0"),
        (1234, "enrolments", "", "1,234"),
        (4.5, "stars", "", "4.5"),
        (66.7, "percent", "", "66.7 %"),
        (0, "seconds", "", "0 s"),
        (300, "seconds", "", "5 min"),
        (3600, "seconds", "", "1 h"),
        (12_240, "seconds", "", "3.4 h"),
        (35_999, "seconds", "", "10 h"),
        (4_442_400, "seconds", "", "1,234 h"),
        (1_400_000_000, "bytes", "", "1.4 GB"),
        (1250, "minor units", "EUR", "€12.50"),
        (1250, "money", "JPY", "¥1,250"),
        ("2026-11-27", "day", "", "November 27, 2026"),
        ("<b>Waves</b>", "name", "", "<b>Waves</b>"),
    ],
)
def test_figure_in_its_unit(value: object, unit: str, currency: str, text: str) -> None:
    assert figure(value, unit, currency) == text


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (300, "€300", "300\xa0€"),
        (-100, "-€100", "-100\xa0€"),
        (15_000, "€15,000", "15.000\xa0€"),
        (0.5, "€0.5", "0,5\xa0€"),
    ],
)
def test_amount_on_an_axis_is_written_as_amounts_are(value: float, english: str, german: str) -> None:
    assert amount(value, "EUR") == english
    with in_language("de"):
        assert amount(value, "EUR") == german


def test_figures_that_are_kept_are_of_one_language() -> None:
    english = [figure(1234, "people"), figure(1250, "money", "EUR"), figure("2026-11-27", "day")]
    with in_language("de"):
        german = [figure(1234, "people"), figure(1250, "money", "EUR"), figure("2026-11-27", "day")]
    assert english == ["1,234", "€12.50", "November 27, 2026"]
    assert german == ["1.234", "12,50\xa0€", "27. November 2026"]
