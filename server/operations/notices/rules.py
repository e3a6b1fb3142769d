"""When a notice begins and when it is over. Pure.

What looks bad for a moment begins nothing, and what is good for a moment ends nothing: an episode is told
once at its beginning and once at its end.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from storage.messages import Message
from storage.states import NoticeState

ROOM_AGAIN = 1.25  # of the warning's threshold: space that must be free before it is over


class Look(msgspec.Struct, frozen=True):
    """One thing as it is now. `bad` is None between the two limits: it stays as it was."""

    key: str
    bad: bool | None
    text: Message
    over: Message  # told when it has ended
    patience: timedelta = timedelta(0)  # that it looks different before it counts


class Event(StrEnum):
    BEGAN = "began"
    ENDED = "ended"


class Turn(msgspec.Struct, frozen=True):
    state: NoticeState
    turning_since: datetime | None
    event: Event | None = None


def turn(state: NoticeState, turning_since: datetime | None, look: Look, now: datetime) -> Turn:
    """State after a look."""
    is_open = state is NoticeState.OPEN
    if look.bad is None or look.bad == is_open:
        return Turn(state, None)
    since = min(turning_since or now, now)  # a clock that was set back starts anew
    if now - since < look.patience:
        return Turn(state, since)
    if is_open:
        return Turn(NoticeState.QUIET, None, Event.ENDED)
    return Turn(NoticeState.OPEN, None, Event.BEGAN)


def is_low(free: int, threshold: int) -> bool | None:
    """Whether a disk counts as full, in bytes; None: between the limits. A threshold of 0 never warns."""
    if free < threshold:
        return True
    return None if free < ROOM_AGAIN * threshold else False
