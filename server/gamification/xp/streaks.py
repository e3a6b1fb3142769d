"""Streaks of learning days: one function gives the days to card, calendar, API and ledger. Pure.

Days are labels (YYYY-MM-DD) that were written with what happened, never computed again (spec section 2).
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import lru_cache

import msgspec

FREEZE_EVERY = 7  # days of a streak
MOST_FREEZES = 2
SUNDAY = 6


class DayState(StrEnum):
    LEARNED = "learned"  # makes the streak a day longer
    EXTRA = "extra"  # learned on a day off: neither longer nor broken
    OFF = "off"
    FROZEN = "frozen"  # missed, and a freeze covered it
    MISSED = "missed"
    OPEN = "open"  # today, as long as nothing was learned


class Calendar(msgspec.Struct, frozen=True):
    """Days off of the institution."""

    days: frozenset[str] = frozenset()
    weeks: tuple[tuple[str, str], ...] = (("", "56"),)  # from which day on, weekdays off; sorted

    def is_off(self, day: str, weekday: int) -> bool:
        if day in self.days:
            return True
        known = bisect_right(self.weeks, (day, "~"))
        return known > 0 and str(weekday) in self.weeks[known - 1][1]


class Break(msgspec.Struct, frozen=True):
    first: str
    last: str


class Streak(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's days up to today."""

    current: int  # days, today included if something was learned
    longest: int
    freezes: int  # held
    days: dict[str, DayState]  # from the first day of learning to today
    earned: tuple[str, ...]  # days on which a freeze was earned

    @property
    def learned(self) -> list[str]:
        return [day for day, state in self.days.items() if state == DayState.LEARNED]

    @property
    def frozen(self) -> list[str]:
        return [day for day, state in self.days.items() if state == DayState.FROZEN]


def walk(active: Collection[str], calendar: Calendar, breaks: Iterable[Break], today: str) -> Streak:
    """Streak of somebody who learned on the `active` days. Days after `today` do not count yet."""
    known = {day for day in active if day <= today}
    planned = tuple(breaks)
    current = longest = freezes = 0
    days: dict[str, DayState] = {}
    earned: list[str] = []
    for day, weekday in _days(min(known, default=""), today):
        off = calendar.is_off(day, weekday) or any(one.first <= day <= one.last for one in planned)
        state = _state(learned=day in known, off=off, today=day == today, freezes=freezes)
        days[day] = state
        if state == DayState.LEARNED:
            current += 1
            longest = max(longest, current)
            if current % FREEZE_EVERY == 0 and freezes < MOST_FREEZES:
                freezes += 1
                earned.append(day)
        elif state == DayState.FROZEN:
            freezes -= 1
        elif state == DayState.MISSED:
            current = 0
    return Streak(current=current, longest=longest, freezes=freezes, days=days, earned=tuple(earned))


def _state(*, learned: bool, off: bool, today: bool, freezes: int) -> DayState:
    if learned:
        return DayState.EXTRA if off else DayState.LEARNED
    if off:
        return DayState.OFF
    if today:
        return DayState.OPEN
    return DayState.FROZEN if freezes else DayState.MISSED


def _days(first: str, last: str) -> Iterator[tuple[str, int]]:
    """Labels and weekdays (0: Monday), from the first to the last."""
    if not first or first > last:
        return
    for number in range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1):
        yield _label(number), (number + SUNDAY) % 7


@lru_cache(maxsize=4096)
def _label(number: int) -> str:
    """Label of the n-th day (1: 0001-01-01, a Monday)."""
    return date.fromordinal(number).isoformat()
