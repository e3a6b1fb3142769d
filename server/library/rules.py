"""Validation of courses and lessons, and the order of lessons. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible, one_line
from storage.messages import N_, Figure, Unit
from storage.states import LessonKind, PublicationStatus

# The kinds that a new lesson can have and their names, in the order of the form.
KINDS = {LessonKind.VIDEO: N_("Video"), LessonKind.TEXT: N_("Text"), LessonKind.QUIZ: N_("Quiz")}
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 20_000
MAX_ADDRESSES = 5_000  # enrolled, or made instructors, at a time
MAX_LIST_LENGTH = 300_000  # characters of a pasted list: 60 for each address, with a name
MAX_LESSONS = 5_000  # in an order
NAMED_ADDRESSES = 10  # in a sentence about many
_FORBIDDEN = ("Cc", "Cs", "Cn")  # control characters, surrogates, unassigned code points


def clean_title(text: str) -> str:
    title = one_line(text, limit=TITLE_LENGTH)
    if (
        is_invisible(title)
        or len(title) > TITLE_LENGTH
        or any(unicodedata.category(c) in _FORBIDDEN for c in title)
    ):
        sentence = N_("Write a title of 1 to 200 characters.")
        raise Invalid(sentence, fields={"title": sentence})
    return title


def clean_description(text: str) -> str:
    description = text.replace("\r\n", "\n").strip()
    if len(description) > DESCRIPTION_LENGTH or "\x00" in description:
        sentence = N_("Write a description of at most 20,000 characters.")
        raise Invalid(sentence, fields={"description": sentence})
    return description


def clean_status(text: str) -> PublicationStatus:
    if text not in list(PublicationStatus):
        sentence = N_("The status is either draft or published.")
        raise Invalid(sentence, fields={"status": sentence})
    return PublicationStatus(text)


def clean_kind(text: str) -> LessonKind:
    if text not in KINDS:
        sentence = N_("Choose one of the kinds of lessons.")
        raise Invalid(sentence, fields={"kind": sentence})
    return LessonKind(text)


def clean_threshold(percent: int) -> int:
    if not 1 <= percent <= 100:
        sentence = N_("The part of a video that counts as watched is 1 to 100 percent.")
        raise Invalid(sentence, fields={"completion_threshold": sentence})
    return percent


def whole_percent(text: str) -> int:
    """Percentage as typed into a form, with or without the sign. Range: see `clean_threshold`."""
    digits = text.strip().removesuffix("%").strip()
    return clean_threshold(int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0)


def moved(ids: Sequence[str], moving: str, to: int) -> list[str]:
    """Order with one id moved to index `to`, clamped to the ends."""
    rest = [item for item in ids if item != moving]
    index = max(0, min(to, len(rest)))
    return [*rest[:index], moving, *rest[index:]]


def reordered(ids: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Raises Invalid unless `wanted` is a permutation of `ids`."""
    if sorted(ids) != sorted(wanted):
        raise Invalid(
            N_("The order must name every lesson of the course once. Reload the page and try again.")
        )
    return list(wanted)


def emails_in(text: str) -> list[str]:
    """Email addresses in a pasted list: by line, comma, semicolon or space, and from "Ada <ada@x>".

    Raises Invalid when the list is too long.
    """
    if len(text) > MAX_LIST_LENGTH:
        sentence = N_("The list is longer than %(count)s characters. Split it.")
        raise Invalid(sentence, fields={"emails": sentence}, count=Figure(MAX_LIST_LENGTH, Unit.NUMBER))
    words = text.translate(str.maketrans(",;<>\t", "     ")).split()
    return list(dict.fromkeys(word.lower() for word in words if "@" in word))


def not_emails_in(text: str) -> list[str]:
    """Entries of the same list that neither contain an address nor belong to a name before one:
    `Lovelace, Ada <ada@x>` gives none."""
    unreadable = []
    for line in re.split(r"[\n;]", re.sub(r'"[^"\n]*"', "", text)):
        entries = line.split(",")
        for entry, following in zip(entries, [*entries[1:], ""], strict=True):
            if entry.strip() and "@" not in entry and "<" not in following:
                unreadable.append(entry.strip())
    return list(dict.fromkeys(unreadable))


def clean_addresses(emails: Sequence[str], *, most: int = MAX_ADDRESSES) -> list[str]:
    """Email addresses as accounts have them, each once. Raises Invalid when there are too many."""
    addresses = list(dict.fromkeys(email.strip().lower() for email in emails))
    if len(addresses) > most:
        sentence = N_("The list has more than %(count)s addresses. Split it.")
        raise Invalid(sentence, fields={"emails": sentence}, count=Figure(most, Unit.NUMBER))
    return addresses


def some_of(addresses: Sequence[str]) -> str:
    """Addresses for a sentence, of which many are cut."""
    return ", ".join(addresses[:NAMED_ADDRESSES]) + (", …" if len(addresses) > NAMED_ADDRESSES else "")
