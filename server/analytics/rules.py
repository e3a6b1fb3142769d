"""Ranges of local days and what they are compared with, weeks, rates and changes. Pure.

Days are labels (YYYY-MM-DD) of the institution's zone and day start, as in `learning_events.local_day`.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from server.core.errors import Invalid
from storage.messages import N_

LONGEST_DAYS = 1100  # of a range that is shown: three years
EVER_DAYS = 40_000
EVER = ""  # first day of a range without a beginning
RECENT = (7, 30, 90)  # days of the ranges that are offered
BREAK_DAYS = 14  # days off in a row that part two terms
WEEK_DAYS, MONTH_DAYS = 7, 30  # of "weekly" and "monthly" active people
DAYS_KEPT = 16_384  # results of `later` that are kept: a page asks for some thousands of them
NO_RANGE = N_(
    "Choose a first and a last day that is not before it, within three years and not in the future."
)


class Range(msgspec.Struct, frozen=True):
    """Local days from `first` to `last`, both included."""

    first: str
    last: str

    @property
    def count(self) -> int:
        return date.fromisoformat(self.last).toordinal() - date.fromisoformat(self.first).toordinal() + 1

    @property
    def days(self) -> list[str]:
        first, last = date.fromisoformat(self.first), date.fromisoformat(self.last)
        return [
            date.fromordinal(number).isoformat() for number in range(first.toordinal(), last.toordinal() + 1)
        ]

    @property
    def before(self) -> "Range":
        """As many days, up to the one before the first: what the range is compared with."""
        return Range(later(self.first, -self.count), later(self.first, -1))


@lru_cache(DAYS_KEPT)
def later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def trailing(last: str, days: int) -> Range:
    """So many days, up to `last`."""
    return Range(later(last, 1 - days), last)


def custom(first: str, last: str, today: str, *, longest: int = LONGEST_DAYS) -> Range:
    """The range that somebody typed. Raises Invalid."""
    try:
        typed = Range(
            date.fromisoformat(first.strip()).isoformat(), date.fromisoformat(last.strip()).isoformat()
        )
        fits = typed.first <= typed.last <= today and typed.count <= longest and typed.first > "1970"
    except (ValueError, OverflowError):
        fits = False
    if not fits:
        raise Invalid(NO_RANGE, fields={"first": NO_RANGE})
    return typed


def term(days_off: Collection[str], today: str) -> Range | None:
    """The term that `today` is in: since the last break of two weeks without a day between.

    None when no break is known, or `today` is in one. The break before may have ended a year ago.
    """
    off = set(days_off)
    if today in off:
        return None
    run = 0
    for number in range(1, 366):
        day = later(today, -number)
        run = run + 1 if day in off else 0
        if run == BREAK_DAYS:
            return Range(later(day, BREAK_DAYS), today)
    return None


def clean_day(text: str, today: str) -> str:
    """A day that is over. Raises Invalid."""
    told = N_(
        "Write a day that is over, as in 2026-11-30. The current day is counted anew every few seconds."
    )
    try:
        day = date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        day = ""
    if not "1970" < day < today:
        raise Invalid(told, fields={"date": told})
    return day


def monday(day: str) -> str:
    given = date.fromisoformat(day)
    return (given - timedelta(days=given.weekday())).isoformat()


def week(day: str) -> str:
    """ISO week, as in 2026-W53: it belongs to the year of its Thursday."""
    year, number, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{number:02}"


def month(day: str) -> str:
    return day[:7]


def mondays(within: Range) -> Iterator[str]:
    """Mondays of the weeks that have a day in the range."""
    current = monday(within.first)
    while current <= within.last:
        yield current
        current = later(current, 7)


def total(values: Iterable[int | None]) -> int | None:
    """Sum; None, shown as "–", where one of them is not known."""
    added = 0
    for value in values:
        if value is None:
            return None
        added += value
    return added


def percent(part: int | None, whole: int | None) -> float | None:
    """Percentage with one decimal; None, shown as "–", without a whole or where one is not known."""
    return round(100 * part / whole, 1) if whole and part is not None else None


def change(now: int | None, before: int | None) -> float | None:
    """Change in percent; None when there was nothing before, or one of them is not known."""
    return round(100 * (now - before) / before, 1) if before and now is not None else None
