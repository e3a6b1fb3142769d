"""Search without case, accents or word order, the same on SQLite and PostgreSQL.

Rows keep a folded text in `search_key`; a search folds its words the same way and wants each
of them somewhere in it. Neither database folds "ł", "ß" or "Å" like the other, so Python does it.
"""

import unicodedata
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import InstrumentedAttribute

MAX_WORDS = 8  # of one search; more do not narrow it
MAX_CHARACTERS = 200  # of one search: folding takes time that grows with the square of combining marks
_ALIKE = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


def search_key(*texts: str) -> str:
    """Folded text of a row: case-folded, without combining marks, single spaces."""
    decomposed = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.casefold().translate(_ALIKE).split())


def search_default(*columns: str) -> Callable[[Any], str]:
    """Column default that folds other columns of the same INSERT."""

    def fold(context: Any) -> str:
        given = context.get_current_parameters()
        return search_key(*(given[column] for column in columns))

    return fold


def matches(column: InstrumentedAttribute[str], search: str) -> ColumnElement[bool]:
    """Condition that every word of `search` occurs in the folded column, in any order. The rest of a longer
    search is ignored."""
    words = search_key(search[:MAX_CHARACTERS]).split()[:MAX_WORDS]
    return and_(true(), *(column.contains(word, autoescape=True) for word in words))
