"""Three-way merge of form fields: typed text, saved text, and the text the typing started from. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import msgspec

TOKENS = 4000  # longer texts are compared by lines
_LINE_ENDS = re.compile(r"\r\n?")
_WORDS = re.compile(r"\S+\s*|\s+")


class Merged(msgspec.Struct, frozen=True):
    """Result of `merge`. Of a field in conflict, `texts` has the typed text and `conflicts` the saved one."""

    texts: Mapping[str, str]
    conflicts: Mapping[str, str] = {}


class Piece(msgspec.Struct, frozen=True):
    """Part of a compared text; `changed`: the other text does not have it."""

    text: str
    changed: bool


def fingerprint(text: str) -> str:
    """Digest of a text that a form carries in place of the text; line ends do not matter."""
    return hashlib.sha256(_LINE_ENDS.sub("\n", text).encode(errors="surrogatepass")).hexdigest()[:32]


def merge(typed: Mapping[str, str], saved: Mapping[str, str], started: Mapping[str, str]) -> Merged:
    """Merge by field: a field that only one side changed takes that side's text.

    `started` has the fingerprint of each text that the typing started from. A field without one counts as
    changed by both.
    """
    texts, conflicts = {}, {}
    for name, text in typed.items():
        kept, base = saved[name], started.get(name)
        if text == kept or base == fingerprint(text):
            texts[name] = kept
        else:
            texts[name] = text
            if base != fingerprint(kept):
                conflicts[name] = kept
    return Merged(texts, conflicts)


def differences(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, those that differ marked. The pieces of a text joined are the text."""
    left, right = _WORDS.findall(one), _WORDS.findall(other)
    if max(len(left), len(right)) > TOKENS:
        left, right = one.splitlines(keepends=True), other.splitlines(keepends=True)
    ones: list[Piece] = []
    others: list[Piece] = []
    for tag, start, end, from_, to in SequenceMatcher(None, left, right).get_opcodes():
        _add(ones, left[start:end], changed=tag != "equal")
        _add(others, right[from_:to], changed=tag != "equal")
    return ones, others


def _add(pieces: list[Piece], tokens: Sequence[str], *, changed: bool) -> None:
    if tokens:
        pieces.append(Piece("".join(tokens), changed))
