"""Planned breaks of a learner, and the months of a calendar. Pure; days are labels (YYYY-MM-DD)."""

import re
from calendar import monthcalendar
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from server.core.errors import Conflict, Invalid
from server.gamification.xp.streaks import Break
from storage.messages import N_

MOST_DAYS = 30  # of a break
A_YEAR = 3  # breaks that begin in one calendar year
AHEAD = timedelta(days=366)  # by which a break may be planned
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

NO_DAY = N_("Enter a day, as in 2026-12-24.")
REVERSED = N_("The last day is before the first.")
TOO_LONG = N_("A break has at most %(count)s days.")
TOO_EARLY = N_("A break begins tomorrow at the earliest: what has begun stays as it is.")
TOO_LATE = N_("A break begins within a year from now.")
OVERLAP = N_("These days overlap with another break of yours.")
TOO_MANY = N_("You have planned %(count)s breaks for that year. There are no more.")
IS_OVER = N_("This break is over.")


class BreakState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"


def checked(first: str, last: str, others: Sequence[Break], today: str, settled: str = "") -> Break:
    """A new break. Raises Invalid and Conflict with a sentence for each field.

    `settled`: last day whose state is known already, where that is later than `today` because the
    institution's time zone was changed.
    """
    begin, end = _day("first_day", first), _day("last_day", last)
    if first <= max(today, settled):
        raise Invalid(TOO_EARLY, fields={"first_day": TOO_EARLY})
    if begin - date.fromisoformat(today) > AHEAD:
        raise Invalid(TOO_LATE, fields={"first_day": TOO_LATE})
    if end < begin:
        raise Invalid(REVERSED, fields={"last_day": REVERSED})
    if (end - begin).days >= MOST_DAYS:
        raise Invalid(TOO_LONG, fields={"last_day": TOO_LONG}, count=MOST_DAYS)
    if any(first <= other.last and other.first <= last for other in others):
        raise Conflict(OVERLAP, fields={"first_day": OVERLAP})
    if sum(other.first[:4] == first[:4] for other in others) >= A_YEAR:
        raise Conflict(TOO_MANY, fields={"first_day": TOO_MANY}, count=A_YEAR)
    return Break(first, last)


def _day(field: str, text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid(NO_DAY, fields={field: NO_DAY})


def state(one: Break, today: str) -> BreakState:
    if one.first > today:
        return BreakState.PLANNED
    return BreakState.RUNNING if today < one.last else BreakState.OVER


def stopped(one: Break, today: str) -> Break | None:
    """What is left of a break that its learner no longer wants: nothing before it begins, else the days up to
    today, so that no day that counted changes. Raises Conflict when it is over."""
    match state(one, today):
        case BreakState.PLANNED:
            return None
        case BreakState.RUNNING:
            return Break(one.first, today)
        case BreakState.OVER:
            raise Conflict(IS_OVER)


def weeks(month: str) -> list[list[str]]:
    """Days of a month (YYYY-MM) by week, Monday to Sunday; "" where another month has the day."""
    rows = monthcalendar(int(month[:4]), int(month[5:]))
    return [[f"{month}-{day:02d}" if day else "" for day in row] for row in rows]


def months(first: str, last: str) -> list[str]:
    """Months from that of the first day to that of the last, the newest first."""
    begin, end = (int(day[:4]) * 12 + int(day[5:7]) - 1 for day in (first, last))
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(end, begin - 1, -1)]
