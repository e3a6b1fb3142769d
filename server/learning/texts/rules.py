"""Validation of texts, and the time it takes to read them. Pure."""

import re

from server.core.errors import Invalid
from storage.messages import N_, Figure, Unit

TEXT_LENGTH = 100_000  # characters: fifty pages
WORDS_PER_MINUTE = 200
SHORTEST_SECONDS = 60
SIGNS_PER_WORD = 2  # of scripts that put no spaces between words
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORDS = re.compile(r"\w+(?:[’'-]\w+)*")


def clean_text(text: str) -> str:
    """Raises Invalid. Spaces at the end of a line stay: two of them are a line break."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
    if len(clean) > TEXT_LENGTH or "\x00" in clean:
        sentence = N_("Write a text of at most %(count)s characters. Split a longer one into lessons.")
        raise Invalid(sentence, fields={"markdown": sentence}, count=Figure(TEXT_LENGTH, Unit.NUMBER))
    return clean


def words(plain: str) -> int:
    signs = len(_SIGNS.findall(plain))
    return len(_WORDS.findall(_SIGNS.sub(" ", plain))) + -(-signs // SIGNS_PER_WORD)


def reading_seconds(plain: str) -> int | None:
    """Estimated time, in whole minutes; None for a text without anything to read."""
    if not plain.strip():
        return None
    minutes = -(-words(plain) // WORDS_PER_MINUTE)
    return max(SHORTEST_SECONDS, 60 * minutes)
