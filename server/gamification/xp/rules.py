"""Levels, periods of leaderboards, weekly groups and ranks (spec section 2). Pure."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from math import isqrt
from typing import TypeVar

from storage.states import Timeframe

Row = TypeVar("Row")

GROUP_SIZE = 30  # learners in a weekly group
POSTS_A_DAY = 10  # that are paid, not counting deleted ones


def level(total: int) -> int:
    """floor(sqrt(total / 100)), exactly."""
    return isqrt(max(0, total) // 100)


def level_begins(number: int) -> int:
    """XP with which a level begins."""
    return 100 * number * number


def level_progress(total: int) -> tuple[int, int, int]:
    """XP gained in this level, XP from it to the next one, and the whole percent, at most 99."""
    now = level(total)
    gained, size = total - level_begins(now), level_begins(now + 1) - level_begins(now)
    return gained, size, min(99, 100 * gained // size)


@lru_cache(maxsize=4096)
def period(timeframe: Timeframe, day: str) -> str:
    """Period of a board that a local day (YYYY-MM-DD) counts in."""
    if timeframe == Timeframe.ALL_TIME:
        return ""
    if timeframe == Timeframe.MONTHLY:
        return day[:7]
    given = date.fromisoformat(day)
    return (given - timedelta(days=given.weekday())).isoformat()


def kept(day: str) -> dict[Timeframe, tuple[str, ...]]:
    """Periods whose boards are kept on a day: the current and the last one of each, the newer first."""
    month = date.fromisoformat(day[:7] + "-01")
    week = date.fromisoformat(period(Timeframe.WEEKLY, day))
    return {
        Timeframe.ALL_TIME: ("",),
        Timeframe.MONTHLY: (day[:7], (month - timedelta(days=1)).isoformat()[:7]),
        Timeframe.WEEKLY: (week.isoformat(), (week - timedelta(days=7)).isoformat()),
    }


@lru_cache(maxsize=64)
def kept_days(day: str) -> tuple[tuple[tuple[Timeframe, str], str, str], ...]:
    """Kept periods of a day with the first and last label of each, as `days_of` gives them."""
    return tuple(
        ((timeframe, name), *days_of(timeframe, name))
        for timeframe, names in kept(day).items()
        for name in names
    )


def days_of(timeframe: Timeframe, name: str) -> tuple[str, str]:
    """First and last label of the days that count in a period; both empty of all time."""
    if timeframe == Timeframe.ALL_TIME:
        return "", ""
    if timeframe == Timeframe.MONTHLY:
        year, month = int(name[:4]), int(name[5:])
        return f"{name}-01", f"{name}-{monthrange(year, month)[1]}"
    return name, (date.fromisoformat(name) + timedelta(days=6)).isoformat()


def band(xp: int) -> int:
    """Band of the weekly groups that a week's XP leads to: 0 without any, then one a fourfold of 100."""
    return 1 + ((xp // 100).bit_length() + 1) // 2 if xp > 0 else 0


def group_number(last: int, members: int) -> int:
    """Group that the next learner of a band joins: the last one until it is full."""
    return last if members < GROUP_SIZE else last + 1


def ranked(
    rows: Sequence[Row], xp: Iterable[int], first: int = 1, above: int = 0
) -> Iterator[tuple[int, Row]]:
    """Standard competition ranks ("1224") of rows in the order of their XP.

    `first`: rank of the first row if it ties with nobody before; `above`: XP of the row before, if that ties.
    """
    rank, before = first, above or None
    for place, (row, own) in enumerate(zip(rows, xp, strict=True)):
        if own != before:
            rank, before = first + place, own
        yield rank, row
