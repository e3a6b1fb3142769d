"""Normalisation of single-line text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.text.normalize import one_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada \n Lovelace ", "Ada Lovelace"),
        ("Jose\u0301", "José"),
        ("\u202eadA\u2066", "adA"),
        ("نرم\u200cافزار", "نرم\u200cافزار"),
    ],
)
def test_line_is_normalised(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


@given(st.text())
def test_bidirectional_controls_are_removed(text: str) -> None:
    controls = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not controls & {unicodedata.bidirectional(character) for character in one_line(text)}
