"""Metric: what a figure is called, what it counts, in which zone, and who is left out."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Select

from server.analytics.definitions.scope import Scope
from server.analytics.rules import Range
from storage.messages import N_

Rows = Select[*tuple[Any, ...]]  # with the columns day, course_id and value, to be summed
Counted = Callable[[Scope, Range], Rows]


class Kind(StrEnum):
    """How figures of days make the figure of a range."""

    SUM = "sum"  # added up
    DISTINCT = "distinct"  # people are counted again, never added up
    NOW = "now"  # there is only the current one
    RATE = "rate"  # of two others, which stand beside it
    MONEY = "money"  # added up by currency


class Unit(StrEnum):
    PEOPLE = "people"
    ENROLMENTS = "enrolments"
    LESSONS = "lessons"
    SECONDS = N_("seconds")  # pages show hours; the other units are written out there
    ATTEMPTS = "attempts"
    QUIZZES = "quizzes"
    REVIEWS = "reviews"
    STARS = "stars"
    VIDEOS = "videos"
    BYTES = "bytes"
    PERCENT = "percent"
    MINOR = "minor units"  # of a currency, as cents


class Zone(StrEnum):
    LABEL = "local day, a label written once"
    NOW = "the current moment"
    PAID = "local day of the payment"


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """`function` is the one definition of the figure, with the metric's id as its name."""

    id: str
    name: str  # a catalogue key
    unit: Unit
    kind: Kind
    counts: str  # what counts, a catalogue key
    left_out: str  # who is left out, a catalogue key
    function: Callable[..., Any]
    zone: Zone = Zone.LABEL

    @property
    def is_of_people(self) -> bool:
        """Whether it can be filtered by a team."""
        return self.unit not in (Unit.VIDEOS, Unit.BYTES) and self.id != "encoded_seconds"
