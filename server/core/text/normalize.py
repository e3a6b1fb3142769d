"""Normalisation of texts that come in. Pure.

It takes time that grows with the square of the number of combining marks in a row (34 s for 50,000 of them),
so that a text is measured in bytes first.
"""

import unicodedata
from typing import Literal

# Joiners are kept: Persian and emoji are spelled with them. Bidirectional controls are removed: they
# change the direction of all following text and do not belong in a title or a name.
_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
JOINERS = "\u200c\u200d"
# Of a letter's or a symbol's category, and without a shape: Hangul fillers and the empty Braille pattern.
_SHAPELESS = "\u115f\u1160\u3164\uffa0\u2800"
_NOT_TEXT = ("Cc", "Cs", "Cn")  # control characters, surrogates, unassigned code points
CHARACTER_BYTES = 12  # of UTF-8 before normalisation: a Hangul syllable in three letters has 9


def normal(form: Literal["NFC", "NFKC"], text: str, *, limit: int) -> str:
    """Normalised text of at most `limit` characters. A text with too many bytes for that is returned as it
    is, with more characters than `limit`: callers count them afterwards, and refuse it."""
    most = CHARACTER_BYTES * limit
    if len(text) > most or len(text.encode(errors="surrogatepass")) > most:
        return text
    return unicodedata.normalize(form, text)


def one_line(text: str, *, limit: int) -> str:
    """NFC, with single spaces and trimmed; `limit` as in `normal`."""
    return normal("NFC", " ".join(text.translate(_BIDI_CONTROLS).split()), limit=limit)


def paragraphs(text: str, *, limit: int) -> str:
    """NFC text of several lines: at most one empty line in a row, without controls but tabs; `limit` as in
    `normal`."""
    clean = "".join(
        character
        for character in text.replace("\r\n", "\n").replace("\r", "\n").translate(_BIDI_CONTROLS)
        if character in "\n\t" or unicodedata.category(character) not in _NOT_TEXT
    )
    lines = [line.rstrip() for line in clean.split("\n")]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return normal("NFC", "\n".join(kept).strip(), limit=limit)


def is_invisible(text: str) -> bool:
    """Whether nothing of a text can be seen: only spaces, controls, joiners, marks without a base."""
    return all(character in _SHAPELESS or unicodedata.category(character)[0] in "ZCM" for character in text)
