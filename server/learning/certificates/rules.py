"""Rules of certificates: codes, the instructor's text and hours, reasons of a revocation. Pure."""

import re
import unicodedata

from server.core.errors import Invalid
from server.core.text.codes import grouped, normal_code
from server.core.text.normalize import is_invisible, normal
from storage.messages import N_

CODE_LENGTH = 20  # 89 bits: nobody finds one by guessing
GROUP = 5
TEXT_LENGTH = 500
REASON_LENGTH = 500
MOST_HOURS = 10_000
_HOURS = re.compile(r"\d{1,5}(?:[.,]\d{1,2})?")
_CONTROLS = ("Cc", "Cs", "Cn")


def clean_code(text: str) -> str | None:
    """Code as stored; None for a text that no certificate has as its code."""
    return normal_code(text, CODE_LENGTH)


def shown_code(code: str) -> str:
    return grouped(code, GROUP)


def path(code: str) -> str:
    """Public address on this site."""
    return f"/certificates/{shown_code(code)}"


def clean_text(text: str) -> str:
    """Text below the title of the course, of some lines. Raises Invalid."""
    cleaned = _lines(text, TEXT_LENGTH)
    if cleaned is None:
        sentence = N_("Write a text of at most 500 characters.")
        raise Invalid(sentence, fields={"text": sentence})
    return cleaned


def clean_reason(text: str) -> str:
    """Raises Invalid."""
    cleaned = _lines(text, REASON_LENGTH)
    if not cleaned or is_invisible(cleaned):
        sentence = N_("Write the reason in 1 to 500 characters.")
        raise Invalid(sentence, fields={"reason": sentence})
    return cleaned


def clean_hours(hours: float | None) -> float | None:
    """To two decimals. Raises Invalid; NaN is refused, too."""
    if hours is not None and not 0 < round(hours, 2) <= MOST_HOURS:
        raise _wrong_hours()
    return None if hours is None else round(hours, 2)


def typed_hours(text: str) -> float | None:
    """Hours as typed, with a decimal comma or point; empty: none. Raises Invalid."""
    digits = text.strip()
    if not digits:
        return None
    if not digits.isascii() or not _HOURS.fullmatch(digits):
        raise _wrong_hours()
    return clean_hours(float(digits.replace(",", ".")))


def _wrong_hours() -> Invalid:
    sentence = N_("Write the hours as a number, as in 12 or 7.5, or leave the field empty.")
    return Invalid(sentence, fields={"hours": sentence})


def _lines(text: str, limit: int) -> str | None:
    """Trimmed lines; None when they are too long or hold a control character."""
    cleaned = normal("NFC", text.replace("\r\n", "\n").strip(), limit=limit)
    bad = any(unicodedata.category(c) in _CONTROLS for c in cleaned[: limit + 1] if c != "\n")
    return None if len(cleaned) > limit or bad else cleaned
