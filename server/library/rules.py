"""What a course and a lesson may look like, and how lessons keep their order. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from server.core.errors import Invalid
from server.core.text.normalize import one_line

DRAFT, PUBLISHED = "draft", "published"
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 20_000
_UNSEEN = ("Cc", "Cs", "Cn")  # control characters, half characters, none at all


def clean_title(text: str) -> str:
    title = one_line(text)
    if not title or len(title) > TITLE_LENGTH or any(unicodedata.category(c) in _UNSEEN for c in title):
        sentence = "Write a title of 1 to 200 characters."
        raise Invalid(sentence, fields={"title": sentence})
    return title


def clean_description(text: str) -> str:
    description = text.replace("\r\n", "\n").strip()
    if len(description) > DESCRIPTION_LENGTH or "\x00" in description:
        sentence = "Write a description of at most 20,000 characters."
        raise Invalid(sentence, fields={"description": sentence})
    return description


def clean_status(text: str) -> str:
    if text not in (DRAFT, PUBLISHED):
        sentence = "The status is either draft or published."
        raise Invalid(sentence, fields={"status": sentence})
    return text


def clean_threshold(percent: int) -> int:
    if not 1 <= percent <= 100:
        sentence = "The part of a video that counts as watched is 1 to 100 percent."
        raise Invalid(sentence, fields={"completion_threshold": sentence})
    return percent


def whole_percent(text: str) -> int:
    """As typed into a form, with or without the sign. `clean_threshold` judges the range."""
    digits = text.strip().removesuffix("%").strip()
    return clean_threshold(int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0)


def moved(ids: Sequence[str], moving: str, to: int) -> list[str]:
    """The same ids with one at `to`; a place beyond either end is that end."""
    rest = [item for item in ids if item != moving]
    place = max(0, min(to, len(rest)))
    return [*rest[:place], moving, *rest[place:]]


def reordered(ids: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Raises Invalid unless `wanted` names each of `ids` once."""
    if sorted(ids) != sorted(wanted):
        raise Invalid("The order must name every lesson of the course once. Reload the page and try again.")
    return list(wanted)


def emails_in(text: str) -> list[str]:
    """Addresses out of a pasted list: by line, comma, semicolon or space, and from "Ada <ada@x>"."""
    words = text.translate(str.maketrans(",;<>\t", "     ")).split()
    return list(dict.fromkeys(word.lower() for word in words if "@" in word))


def not_emails_in(text: str) -> list[str]:
    """The entries of the same list that hold no address, and are no part of somebody's name either:
    of `Lovelace, Ada <ada@x>` nothing is left over."""
    left = []
    for line in re.split(r"[\n;]", re.sub(r'"[^"\n]*"', "", text)):
        entries = line.split(",")
        for entry, following in zip(entries, [*entries[1:], ""], strict=True):
            if entry.strip() and "@" not in entry and "<" not in following:
                left.append(entry.strip())
    return list(dict.fromkeys(left))
