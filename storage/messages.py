"""Sentences kept as gettext key and values, formatted where the reader's language is known."""

from collections.abc import Callable
from enum import StrEnum

import msgspec


class Unit(StrEnum):
    BYTES = "bytes"
    SECONDS = "seconds"
    SPAN = "span"  # seconds, in words: 10 min
    EXACT = "exact"  # seconds, in words to the second: 4 min 10 s
    NUMBER = "number"


class Figure(msgspec.Struct, frozen=True, tag=True):
    """A quantity that each language writes in its own way."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        match self.unit:
            case Unit.BYTES:
                return size_text(self.value)
            case Unit.SECONDS:
                return duration_text(self.value)
            case Unit.SPAN | Unit.EXACT:
                return f"{self.value:g} s"
            case _:
                return f"{self.value:g}"


class Message(msgspec.Struct, frozen=True, tag=True):
    """`key` is the English sentence with `%(name)s` placeholders; a value may be a message itself."""

    key: str
    values: dict[str, "str | int | float | Figure | Message"] = {}

    def __str__(self) -> str:
        """In English, for logs and terminals."""
        return format_message(self, str, str)


Value = str | int | float | Figure | Message


class MessageError(Exception):
    """Base of errors that carry a message for people; `str()` is in English."""

    def __init__(self, told: str | Message, **values: Value) -> None:
        self.message = told if isinstance(told, Message) else Message(told, values)
        super().__init__(str(self.message))


def N_(key: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence for the catalogue that is translated later."""
    return key


def message(key: str, **values: Value) -> Message:
    """`message(N_("%(count)s of 3 attempts failed."), count=2)`."""
    return Message(key, values)


def byte_size(count: float) -> Figure:
    return Figure(count, Unit.BYTES)


def duration(seconds: float) -> Figure:
    return Figure(seconds, Unit.SECONDS)


def span(seconds: float) -> Figure:
    return Figure(seconds, Unit.SPAN)


def exact(seconds: float) -> Figure:
    return Figure(seconds, Unit.EXACT)


def format_message(told: Message, translate: Callable[[str], str], figure: Callable[[Figure], str]) -> str:
    """`translate` maps a key to the reader's language, `figure` writes a quantity in it.

    Without values, percent signs mean themselves.
    """
    text = translate(told.key)
    if not told.values:
        return text
    return text % {name: _value(value, translate, figure) for name, value in told.values.items()}


def _value(
    value: Value, translate: Callable[[str], str], figure: Callable[[Figure], str]
) -> str | int | float:
    if isinstance(value, Message):
        return format_message(value, translate, figure)
    return figure(value) if isinstance(value, Figure) else value


def size_text(count: float) -> str:
    """In decimal units, as file managers show them: 1.4 GB is 1.4 × 10⁹ bytes."""
    units, step = ("bytes", "kB", "MB", "GB", "TB", "PB"), 0
    while count >= 999.5 and step < len(units) - 1:
        count, step = count / 1000, step + 1
    digits = 1 if step and count < 99.95 else 0
    return f"{count:.{digits}f} {units[step]}"


def duration_text(seconds: float) -> str:
    """65 -> 1:05, 3725 -> 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
