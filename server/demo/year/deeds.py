"""What somebody does at a moment, from which rows and facts are made. Pure."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from server.learning.quizzes.rules import Given, Mark
from server.watching.spans import Spans
from storage.states import FactKind


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    user_id: str
    course: int
    lesson: int = 0  # position in the course


class Watched(Deed, frozen=True, kw_only=True):
    """A session of the player, by the moment of its end."""

    number: int  # of the learner's sessions
    seen: Spans
    seconds: float
    speed: float
    device: str
    quality: str


class Read(Deed, frozen=True, kw_only=True):
    """A text was opened."""


class Tried(Deed, frozen=True, kw_only=True):
    """A submitted attempt at the course's quiz, the `n`-th."""

    n: int
    minutes: int
    given: Mapping[str, Given]  # by question
    mark: Mark


class Reviewed(Deed, frozen=True, kw_only=True):
    stars: int
    text: str


class Reached(Deed, frozen=True, kw_only=True):
    """A fact of enrolment or progress."""

    kind: FactKind


class Asked(Deed, frozen=True, kw_only=True):
    """The first post of a thread. `topic`: number of what is asked in `words`."""

    topic: int
    text: str


class Replied(Deed, frozen=True, kw_only=True):
    to: str  # id of the thread's first post
    text: str
    staff: bool
