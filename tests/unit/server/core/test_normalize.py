"""Normalisation of single-line text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.text.normalize import is_invisible, normal, one_line


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
    assert one_line(typed, limit=200) == kept


@given(st.text())
def test_bidirectional_controls_are_removed(text: str) -> None:
    controls = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not controls & {
        unicodedata.bidirectional(character) for character in one_line(text, limit=len(text))
    }


def test_many_combining_marks_are_not_normalised() -> None:
    """They would take half a minute; the text comes back too long for every caller."""
    marks = "\u0301\u0316" * 25_000
    for text in ("a" + marks, "a" + marks[::-1]):
        assert one_line(text, limit=200) == text
        assert normal("NFKC", text, limit=256) == text


@given(st.text(max_size=30), st.integers(1, 30))
def test_a_text_that_is_not_normalised_has_too_many_characters(text: str, limit: int) -> None:
    kept = one_line(text * 3, limit=limit)
    assert unicodedata.is_normalized("NFC", kept) or len(kept) > limit


@pytest.mark.parametrize(
    "text", ["", "\u200b\u200d", "\u00ad", "\u3164", "\u2800 \u2800", "\u0301", "\ufeff", "\U000e0020"]
)
def test_text_that_cannot_be_seen(text: str) -> None:
    assert is_invisible(text)


@pytest.mark.parametrize("text", ["1", "–", "€", "نرم\u200cافزار", "👩\u200d🏫", "e\u0301", "한"])
def test_text_that_can_be_seen(text: str) -> None:
    assert not is_invisible(text)
