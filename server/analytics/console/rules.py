"""State of the pages of analytics in their address: days, comparison and filter. Pure."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import msgspec

from server.analytics import rules
from server.analytics.rules import Range, later, trailing
from server.core.lists import AddressReader
from storage.messages import Message

YEAR_DAYS = 364  # the same weekdays a year ago
DAILY_DAYS, WEEKLY_DAYS = 92, 400  # longest ranges with a bar for each day, for each week
FORECAST_DAYS = 7  # least days with a measurement between the first and the last
DAY_LENGTH = 64  # characters of a day as typed
SUBJECTS = ("course", "instructor", "team")


class Span(StrEnum):
    """Which days are shown, up to the current one; CUSTOM: from `first` to `last`."""

    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    TERM = "term"
    CUSTOM = "custom"


class Compared(StrEnum):
    """What the days are compared with."""

    BEFORE = "before"  # as many days, up to the one before the first
    YEAR = "year"  # the same weekdays a year ago


class ConsoleState(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows. Made by `read`, which accepts any address."""

    range: Span = Span.MONTH
    first: str = ""  # local days of a custom range, as typed
    last: str = ""
    compare: Compared = Compared.BEFORE
    course: str = ""
    instructor: str = ""
    team: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "ConsoleState":
        """Unknown and malformed values count as not given, and `misread` tells them; days that cannot be are
        left to `chosen`."""
        reader = AddressReader(parameters)
        typed = {name: parameters.get(name, "")[:DAY_LENGTH] for name in ("first", "last")}
        span = parameters.get("range", "") or (Span.CUSTOM if any(typed.values()) else Span.MONTH)
        span = Span(span) if span in set(Span) else Span.CUSTOM
        return cls(
            range=span,
            **(typed if span == Span.CUSTOM else {}),
            compare=Compared(reader.choice("compare", set(Compared)) or Compared.BEFORE),
            **{name: reader.identifier(name) for name in SUBJECTS},
            page=reader.page(),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.course or self.instructor or self.team)

    def given(self, **changes: Any) -> dict[str, str]:
        """Parameters that are not the default, with some changed; page 1 unless it is given."""
        state = msgspec.structs.replace(self, **{"page": 1, **changes})
        default = ConsoleState()
        return {
            name: str(value)
            for name, value in msgspec.structs.asdict(state).items()
            if value != getattr(default, name)
        }

    def query(self, **changes: Any) -> str:
        """Query string of `given`: `?range=90&team=…`, or empty."""
        given = self.given(**changes)
        return f"?{urlencode(given)}" if given else ""


def misread(parameters: Mapping[str, str], fixed: Collection[str]) -> Message | None:
    """What an address compares with or filters by in vain. `fixed`: filters that are the page itself."""
    reader = AddressReader(parameters)
    reader.choice("compare", set(Compared))
    for name in SUBJECTS:
        if name not in fixed:
            reader.identifier(name)
    return next(iter(reader.problems.values()), None)


def chosen(state: ConsoleState, today: str, term: Range | None) -> Range:
    """The days of a state; the last 30 without a known term. Raises Invalid for a custom one."""
    match state.range:
        case Span.CUSTOM:
            return rules.custom(state.first, state.last, today)
        case Span.TERM:
            return term or trailing(today, int(Span.MONTH))
        case _:
            return trailing(today, int(state.range))


def compared(days: Range, with_what: Compared) -> Range:
    if with_what == Compared.YEAR:
        shift = YEAR_DAYS * -(-days.count // YEAR_DAYS)
        return Range(later(days.first, -shift), later(days.last, -shift))
    return days.before


class Step(StrEnum):
    """What one bar of a chart stands for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def step_of(days: Range) -> Step:
    if days.count <= DAILY_DAYS:
        return Step.DAY
    return Step.WEEK if days.count <= WEEKLY_DAYS else Step.MONTH


def grouped(values: Mapping[str, int | None], step: Step) -> dict[str, int | None]:
    """Sums of days by their week (its Monday) or month (its first day)."""
    if step == Step.DAY:
        return dict(values)
    parts: dict[str, list[int | None]] = {}
    for day, value in values.items():
        label = rules.monday(day) if step == Step.WEEK else f"{rules.month(day)}-01"
        parts.setdefault(label, []).append(value)
    return {label: rules.total(own) for label, own in parts.items()}


def running(total: int, new: Sequence[int]) -> list[int]:
    """Totals at the end of each day, of which the last is `total`, from what each day added."""
    found = []
    for value in reversed(new):
        found.append(total)
        total -= value
    return found[::-1]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Growth of storage by a straight line through what was measured (least squares)."""

    bytes_a_day: int
    days_left: int | None  # until the free space is used; None when it does not shrink or is not known


def forecast(measured: Mapping[str, int], free: int | None) -> Forecast | None:
    """None with measurements of less than a week."""
    days = sorted(measured)
    if len(days) < 3 or Range(days[0], days[-1]).count <= FORECAST_DAYS:
        return None
    places = [Range(days[0], day).count - 1 for day in days]
    middle = sum(places) / len(places)
    mean = sum(measured.values()) / len(measured)
    above = sum((place - middle) * (measured[day] - mean) for place, day in zip(places, days, strict=True))
    slope = above / sum((place - middle) ** 2 for place in places)
    left = int(free / slope) if free is not None and slope >= 1 else None
    return Forecast(bytes_a_day=round(slope), days_left=left)
