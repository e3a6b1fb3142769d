"""Heartbeats of the player, and what the server makes of them (spec section 4)."""

from datetime import datetime
from typing import Annotated

import msgspec

from server.watching.tokens import WatchToken

Seconds = Annotated[float, msgspec.Meta(ge=0, le=10**6)]
Moment = Annotated[float, msgspec.Meta(ge=0, le=10**14)]  # milliseconds since 1970 by the client's clock


class Played(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Span of the lecture that was played without interruption, at most some seconds long."""

    start: Seconds
    end: Seconds
    rate: Annotated[float, msgspec.Meta(gt=0, le=100)] = 1.0
    at: Moment | None = None  # when it ended


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a player. The same `session` and `seq` is the same report."""

    token: Annotated[str, msgspec.Meta(max_length=100)]  # watch token of the page or of the playback document
    session: Annotated[str, msgspec.Meta(min_length=16, max_length=40, pattern="^[0-9A-Za-z-]+$")]
    seq: Annotated[int, msgspec.Meta(ge=0, le=10**6)]
    events: Annotated[list[Played], msgspec.Meta(max_length=100)] = []
    lesson_id: Annotated[str, msgspec.Meta(max_length=40)] = ""  # the token's, if given
    position: Seconds | None = None  # where the player is now
    sent_at: Moment | None = None  # by the clock of `at`
    quality: Annotated[str, msgspec.Meta(max_length=20, pattern="^[0-9a-z]+$")] | None = None
    device: Annotated[str, msgspec.Meta(max_length=20, pattern="^[a-z]+$")] | None = None


class Received(msgspec.Struct, frozen=True):
    """Heartbeat with its verified token."""

    heartbeat: Heartbeat
    token: WatchToken
    at: datetime


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has credited: the response to a heartbeat."""

    covered_seconds: float  # of the lesson, by this person
    percent: int  # of the lesson
    dropped_seconds: float = 0.0  # of this heartbeat, beyond what the person's allowance paid
    completed: bool = False  # by what this heartbeat added


class Refused(msgspec.Struct, frozen=True):
    """The heartbeat cannot be recorded: the lesson is gone, or the session is somebody else's."""

    reason: str
