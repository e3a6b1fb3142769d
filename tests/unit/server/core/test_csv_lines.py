"""CSV lines: numbers stay numbers, and nothing is a formula."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.text.csv_lines import FORMULA, csv_lines


def written(cell: str) -> str:
    (row,) = csv.reader(io.StringIO(csv_lines([[cell, ""]]), newline=""))
    return row[0]


@pytest.mark.parametrize("cell", ["-49.00", "-0.12", "+5", "-7", "12.50", "2026-11-27", "", "Waves = fields"])
def test_numbers_and_texts_stay_as_they_are(cell: str) -> None:
    assert written(cell) == cell


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "=1",
            "@x",
            "-",
            "+",
            "-1+cmd|' /C calc'!A0",
            "+1 234",
            "-1-1",
            "--1",
            "-.5",
            "-5.",
            "-1.2.3",
            "-1,5",
        ),
        *("-1e5", "-\u0661", "-1\n", "\t1", "\r=1", "-1%", "-(1)"),
    ],
)
def test_what_could_be_a_formula_begins_with_an_apostrophe(cell: str) -> None:
    assert written(cell) == f"'{cell}"


@given(st.integers() | st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_a_number_is_read_back(number: int | Decimal) -> None:
    assert Decimal(written(str(number))) == number


@given(st.text() | st.from_regex(r"[-+=@][0-9+\-*/.,|!A-Z ]{0,9}", fullmatch=True))
def test_a_cell_is_a_number_or_begins_with_no_sign_of_a_formula(text: str) -> None:
    cell = written(text)
    assert cell in (text, f"'{text}")
    if cell.startswith(FORMULA):
        assert set(cell[1:]) <= set("0123456789.")
        Decimal(cell)
