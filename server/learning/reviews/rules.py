"""Rules of reviews: stars and text. Pure."""

from server.core.errors import Invalid
from server.core.text.normalize import paragraphs
from storage.messages import N_

TEXT_LENGTH = 2_000
STARS = range(1, 6)


def clean_stars(stars: int) -> int:
    if stars not in STARS:
        sentence = N_("Choose 1 to 5 stars.")
        raise Invalid(sentence, fields={"stars": sentence})
    return stars


def typed_stars(text: str) -> int:
    """Stars as a form sends them; what is no number is out of range, see `clean_stars`."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 1 else 0


def clean_text(text: str) -> str:
    """Text of a review, which may be empty. Raises Invalid."""
    clean = paragraphs(text, limit=TEXT_LENGTH)
    if len(clean) > TEXT_LENGTH:
        sentence = N_("Write a text of at most 2,000 characters.")
        raise Invalid(sentence, fields={"text": sentence})
    return clean


def average(total: int, count: int) -> float | None:
    """Mean of the stars to one decimal; None without any."""
    return round(total / count, 1) if count else None
