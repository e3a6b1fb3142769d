"""Subjects: the courses of the demo as they are written down in `sciences` and `humanities`."""

from collections.abc import Iterator
from functools import cache

import msgspec

from server.demo.catalogue import humanities, sciences


class Term(msgspec.Struct, frozen=True):
    name: str
    meaning: str


class Subject(msgspec.Struct, frozen=True):
    faculty: str
    title: str
    teaser: str
    lectures: tuple[str, ...]
    terms: tuple[Term, ...]


@cache
def subjects() -> tuple[Subject, ...]:
    """Forty courses; the first is the one whose three lectures are encoded."""
    return (*_parsed(sciences.TEXT), *_parsed(humanities.TEXT))


def _parsed(text: str) -> Iterator[Subject]:
    faculty = ""
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        if lines[0].startswith("# "):
            faculty = lines.pop(0).removeprefix("# ")
        title, teaser, lectures = (part.strip() for part in lines[0].split("|"))
        terms = (line.split(" = ", 1) for line in lines[1:])
        yield Subject(
            faculty=faculty,
            title=title,
            teaser=teaser,
            lectures=tuple(one.strip() for one in lectures.split(";")),
            terms=tuple(Term(name, meaning) for name, meaning in terms),
        )
