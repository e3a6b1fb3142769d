"""Numbers as people type them: decimal comma or point, groups of three digits. Pure."""

import re
from collections.abc import Callable
from decimal import Context, Decimal, localcontext

from server.core.errors import Invalid
from storage.messages import N_, Message, message

LONGEST = 60  # characters
SHORT = 40  # characters, up to which a number is written without an exponent
DIGITS = Context(prec=100, Emax=9999, Emin=-9999)  # for every number that can be typed
_GROUP_MARK = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))", re.ASCII)
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_NUMBER = re.compile(r"([+-]?)([\d.,]*\d[.,]?)(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_GROUPS = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*", re.ASCII)


class Ambiguous(Invalid):
    """A text with two readings, as "1,234" has: both are in `readings`."""

    def __init__(self, text: str, readings: tuple[Decimal, Decimal]) -> None:
        small, large = readings
        super().__init__(
            N_(
                "“%(text)s” can be read as %(small)s or as %(large)s. Write %(plain)s for the larger one, or"
                " %(longer)s, with one more digit, for the smaller one."
            ),
            text=text,
            small=plain(small),
            large=plain(large),
            plain=plain(large),
            longer=written(small),
        )
        self.readings = readings


def readings(text: str) -> tuple[Decimal, ...]:
    """Numbers that a text can mean: one, or two where a separator may be a decimal mark or group digits.

    Raises Invalid when it is no number.
    """
    bare = _GROUP_MARK.sub("", text.strip().translate(_SIGNS)) if len(text) <= LONGEST else ""
    match = _NUMBER.fullmatch(bare)
    if match is None:
        raise Invalid(_no_number(text))
    sign, digits, exponent = match.groups()
    found = _plain_readings(digits)[: 1 if exponent else 2]  # nobody groups digits before an exponent
    if not found:
        raise Invalid(_no_number(text))
    return tuple(Decimal(f"{sign}{reading}e{exponent or 0}") for reading in found)


def _no_number(text: str) -> Message:
    return message(N_("“%(text)s” is not a number. Write it like 1234.5 or 1234,5."), text=text[:LONGEST])


def _plain_readings(digits: str) -> list[str]:
    """The digits with a decimal point at most: the decimal reading first, then the one with groups."""
    marks = [character for character in digits if character in ".,"]
    if not marks:
        return [digits]
    last, grouped = marks[-1], _GROUPS.fullmatch(digits)
    whole, _, fraction = digits.rpartition(last)
    if len(marks) == 1:
        decimal = f"{whole or '0'}.{fraction or '0'}"
        # "0,123" groups nothing: no thousands begin with a zero.
        return [decimal, whole + fraction] if grouped and not whole.startswith("0") else [decimal]
    if len(set(marks)) == 1:
        return [digits.replace(last, "")] if grouped else []
    if marks.count(last) > 1 or not _GROUPS.fullmatch(whole):
        return []
    return [f"{whole.replace(marks[0], '')}.{fraction or '0'}"]


def parse_number(text: str) -> Decimal:
    """The number that is meant. Raises Ambiguous, or Invalid for what is no number."""
    found = readings(text)
    if len(found) == 2:
        raise Ambiguous(text, (found[0], found[1]))
    return found[0]


def plain(value: Decimal) -> str:
    """With a decimal point and without an exponent, unless that would be long."""
    text = format(value, "f")
    return text if len(text) <= SHORT else str(value)


def written(value: Decimal) -> str:
    """As `plain`, with one more digit where it would be ambiguous: `parse_number` reads the same value."""
    text = plain(value)
    return text if len(readings(text)) == 1 else f"{text}0"


def is_near(value: Decimal, accepted: Decimal, tolerance: Decimal) -> bool:
    with localcontext(DIGITS):
        return abs(value - accepted) <= tolerance


def any_reading(text: str, accepts: Callable[[Decimal], bool]) -> bool:
    """Whether one of the readings is accepted; a text that is no number has none."""
    try:
        return any(accepts(reading) for reading in readings(text))
    except Invalid:
        return False
