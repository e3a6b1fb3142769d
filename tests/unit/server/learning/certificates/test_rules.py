"""Texts, hours and reasons of certificates, and their QR code."""

import math
import re

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.core.text.codes import ALPHABET
from server.learning.certificates import rules
from server.learning.certificates.qr import QUIET, qr_code

CODES = st.text(ALPHABET, min_size=rules.CODE_LENGTH, max_size=rules.CODE_LENGTH)


@given(CODES)
def test_path_leads_back_to_the_code(code: str) -> None:
    assert rules.clean_code(rules.path(code).rpartition("/")[2]) == code


def test_code_is_unguessable() -> None:
    assert rules.CODE_LENGTH * math.log2(len(ALPHABET)) > 80


@pytest.mark.parametrize(
    ("typed", "hours"), [("", None), (" 12 ", 12.0), ("7,5", 7.5), ("7.25", 7.25), ("10000", 10_000.0)]
)
def test_hours_with_comma_or_point(typed: str, hours: float | None) -> None:
    assert rules.typed_hours(typed) == hours


@pytest.mark.parametrize("typed", ["0", "-1", "1,234.5", "7.123", "ten", "١٢", "1e3", "NaN", "10000.5"])
def test_other_hours_are_asked_back(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.typed_hours(typed)
    assert set(refused.value.fields) == {"hours"}


@pytest.mark.parametrize("hours", [0.0, -1.0, math.nan, math.inf, 0.001])
def test_hours_of_programs_are_checked_too(hours: float) -> None:
    with pytest.raises(Invalid):
        rules.clean_hours(hours)


@pytest.mark.parametrize("text", ["x" * 501, "a\x00b", "\x1b[2J"])
def test_text_that_is_too_long_or_invisible_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_text(text)
    with pytest.raises(Invalid):
        rules.clean_reason(text)


@pytest.mark.parametrize("reason", ["", "  \n ", "\u200b"])
def test_revocation_needs_a_reason(reason: str) -> None:
    with pytest.raises(Invalid):
        rules.clean_reason(reason)


def test_text_keeps_its_lines() -> None:
    assert rules.clean_text(" Physics\r\nSummer 2026 ") == "Physics\nSummer 2026"


@given(st.text(ALPHABET, min_size=1, max_size=60))
def test_qr_code_has_its_finders_and_a_quiet_zone(code: str) -> None:
    """The three finder patterns are 7 modules wide, at the corners of the symbol."""
    qr = qr_code(f"https://media.example.edu/certificates/{code}")
    runs, far = runs_of(qr.path), qr.side - QUIET
    assert {(QUIET, QUIET, 7), (far - 7, QUIET, 7), (QUIET, far - 7, 7), (QUIET, far - 1, 7)} <= set(runs)
    assert all(x >= QUIET and x + length <= far and QUIET <= y < far for x, y, length in runs)


@given(st.text(ALPHABET, min_size=1, max_size=60))
def test_qr_code_shows_every_module(code: str) -> None:
    text = f"https://media.example.edu/certificates/{code}"
    qr = qr_code(text)
    shown = {(x + place - QUIET, y - QUIET) for x, y, length in runs_of(qr.path) for place in range(length)}
    matrix = segno.make_qr(text, error="m").matrix
    assert shown == {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


def runs_of(path: str) -> list[tuple[int, int, int]]:
    """Column, row and length of every run."""
    found = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)
    return [(int(x), int(y), int(length)) for x, y, length in found]
