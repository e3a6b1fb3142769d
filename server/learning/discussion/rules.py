"""Rules of a discussion: texts, their links and moments of the lecture, limits, who sees a post. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible, one_line, paragraphs
from storage.messages import N_
from storage.states import PostState

TEXT_LENGTH = 5_000
REASON_LENGTH = 300
EDIT_TIME = timedelta(hours=1)  # in which an author may change a post
RATE_TIME = timedelta(minutes=1)
RATE_POSTS = 5  # of one person in RATE_TIME, over all lessons
REPEAT_TIME = timedelta(minutes=10)  # in which the same text in the same place is the same post, sent again
MOST_REPLIES = 200  # of one thread: a page shows all of them

_LINK = re.compile(r"https?://[^\s<>\"'`\\^{|}]+", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?<![\w:.,])(?:(?P<h>\d{1,2}):(?P<hm>[0-5]\d)|(?P<m>\d{1,3})):(?P<s>[0-5]\d)(?![\w:]|[.,]\d)"
)
_AFTER_LINK = ".,;:!?*_~"  # belongs to the sentence, not to the address
_BRACKETS = {")": "(", "]": "["}


class Piece(msgspec.Struct, frozen=True):
    """Part of a text: plain, with an address, or with a moment of the lecture."""

    text: str
    href: str = ""
    seconds: int | None = None


def clean_text(text: str) -> str:
    """Text of a post as it is stored. Raises Invalid."""
    clean = paragraphs(text, limit=TEXT_LENGTH)
    if is_invisible(clean) or len(clean) > TEXT_LENGTH:
        sentence = N_("Write a text of 1 to 5,000 characters.")
        raise Invalid(sentence, fields={"text": sentence})
    return clean


def clean_reason(text: str) -> str:
    """Reason for hiding a post or a review, which its author reads. Raises Invalid."""
    reason = one_line(text, limit=REASON_LENGTH)
    if is_invisible(reason) or len(reason) > REASON_LENGTH or "\x00" in reason:
        sentence = N_("Write a reason of 1 to 300 characters. The author reads it.")
        raise Invalid(sentence, fields={"reason": sentence})
    return reason


def pieces(text: str, seconds: float | None) -> tuple[Piece, ...]:
    """Text in its parts, in order: put together they are the text. `seconds`: length of the lesson's video;
    a time beyond it, as in "see you at 18:30", is no moment of the lecture."""
    return tuple(_pieces(text, seconds or 0.0))


def _pieces(text: str, seconds: float) -> Iterator[Piece]:
    at = 0
    for found in _LINK.finditer(text):
        address = _address(found[0])
        if not address:
            continue
        yield from _moments(text[at : found.start()], seconds)
        yield Piece(address, href=address)
        at = found.start() + len(address)
    yield from _moments(text[at:], seconds)


def _address(found: str) -> str:
    """Address without what follows it in the sentence; empty if it leads nowhere."""
    address = found
    while address and (address[-1] in _AFTER_LINK or _closes_more(address)):
        address = address[:-1]
    try:
        return address if urlsplit(address).hostname else ""
    except ValueError:  # of a malformed IPv6 address
        return ""


def _closes_more(address: str) -> bool:
    opening = _BRACKETS.get(address[-1])
    return opening is not None and address.count(address[-1]) > address.count(opening)


def _moments(text: str, seconds: float) -> Iterator[Piece]:
    at = 0
    for found in _MOMENT.finditer(text):
        moment = int(found["h"] or 0) * 3600 + int(found["hm"] or found["m"] or 0) * 60 + int(found["s"])
        if moment > seconds:
            continue
        if found.start() > at:
            yield Piece(text[at : found.start()])
        yield Piece(found[0], seconds=moment)
        at = found.end()
    if at < len(text):
        yield Piece(text[at:])


def sees(state: PostState, *, author: bool, staff: bool) -> bool:
    """Whether a viewer sees the text of a post: also its author and those who teach, unless it is deleted."""
    return state == PostState.SHOWN or (state != PostState.DELETED and (author or staff))


def may_edit(state: PostState, created_at: datetime, now: datetime, *, author: bool, locked: bool) -> bool:
    """Whether a viewer may change the text of a post: its author, for a while, in a thread that is open."""
    open_state = state in (PostState.SHOWN, PostState.WAITING)
    return author and open_state and not locked and now - created_at <= EDIT_TIME


def first_state(*, staff: bool, approve: bool) -> PostState:
    """State of a new or a changed post. `approve`: the course wants to see posts of learners first."""
    return PostState.WAITING if approve and not staff else PostState.SHOWN
