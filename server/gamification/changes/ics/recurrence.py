"""Recurrence rules (RFC 5545, section 3.3.10) of days, within a window: yearly, monthly, weekly and daily.

Whatever a rule says, the work is bounded: by the window, and by the budget of the whole file.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import count
from typing import NamedTuple

import msgspec

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}
LONGEST = 400  # characters of a rule


class Nth(NamedTuple):
    number: int  # 0: every one; negative: from the end
    weekday: int  # 0 Monday


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    frequency: str
    interval: int = 1
    count: int | None = None
    until: str = ""  # YYYYMMDD
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[Nth, ...] = ()


class Unsupported(Exception):
    """A rule, or a part of it, that is not understood."""


class Exhausted(Exception):
    """All recurrences of a file together are too many."""


class Budget:
    """Periods and days that may still be looked at."""

    def __init__(self, units: int) -> None:
        self._left = units

    def spend(self, units: int = 1) -> None:
        self._left -= units
        if self._left < 0:
            raise Exhausted


def parse(text: str) -> Recurrence:
    """Raises Unsupported."""
    if len(text) > LONGEST:
        raise Unsupported
    parts = dict(part.partition("=")[::2] for part in text.upper().split(";") if part)
    if not parts.keys() <= KNOWN or parts.get("FREQ") not in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY"):
        raise Unsupported
    found = Recurrence(
        frequency=parts["FREQ"],
        interval=_number(parts.get("INTERVAL", "1"), 1, 10_000),
        count=_number(parts["COUNT"], 1, 10**6) if "COUNT" in parts else None,
        until=parts.get("UNTIL", "")[:8],
        months=tuple(_number(one, 1, 12) for one in _list(parts, "BYMONTH")),
        month_days=tuple(_number(one, -31, 31) for one in _list(parts, "BYMONTHDAY")),
        weekdays=tuple(_nth(one) for one in _list(parts, "BYDAY")),
    )
    if found.until and not (len(found.until) == 8 and found.until.isdigit()):
        raise Unsupported
    if found.frequency == "YEARLY" and found.weekdays and not found.months:
        raise Unsupported  # the n-th weekday of a year
    return found


def _list(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if parts.get(name) else []


def _number(text: str, least: int, most: int) -> int:
    digits = text.strip().removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 8 and least <= int(text) <= most):
        raise Unsupported
    if int(text) == 0:
        raise Unsupported
    return int(text)


def _nth(text: str) -> Nth:
    text = text.strip()
    if text[-2:] not in WEEKDAYS:
        raise Unsupported
    return Nth(_number(text[:-2], -5, 5) if text[:-2] else 0, WEEKDAYS.index(text[-2:]))


def days(rule: Recurrence, first: date, window: tuple[date, date], budget: Budget) -> Iterator[date]:
    """Days on which the occurrences within the window begin. The first one is always an occurrence.

    Raises Exhausted.
    """
    until = min(rule.until or "9", window[1].strftime("%Y%m%d"))
    if window[0] <= first <= window[1]:
        yield first
    seen = 1
    for day in _candidates(rule, first, window, budget):
        if day <= first:
            continue
        if day.strftime("%Y%m%d") > until or (rule.count and seen >= rule.count):
            return
        seen += 1
        if day >= window[0]:
            yield day


def _candidates(rule: Recurrence, first: date, window: tuple[date, date], budget: Budget) -> Iterator[date]:
    """In order. Without a count to keep, from the window on."""
    begin = 0 if rule.count else max(0, _periods(rule, first, window[0]) // rule.interval - 1)
    for number in count(begin):
        budget.spend()
        found = _of_period(rule, first, number * rule.interval, window[1])
        if found is None:
            return
        yield from found


def _periods(rule: Recurrence, first: date, to: date) -> int:
    """How many years, months, weeks or days there are from one day to another."""
    match rule.frequency:
        case "YEARLY":
            return to.year - first.year
        case "MONTHLY":
            return 12 * (to.year - first.year) + to.month - first.month
        case "WEEKLY":
            return (to - first).days // 7
        case _:
            return (to - first).days


def _of_period(rule: Recurrence, first: date, step: int, last: date) -> list[date] | None:
    """Days of the year, month, week or day that is `step` later than the first; None after the last day."""
    match rule.frequency:
        case "YEARLY":
            year = first.year + step
            months = sorted(set(rule.months)) or [first.month]
            return _of_months(rule, first, year, months) if year <= last.year else None
        case "MONTHLY":
            year, month = divmod(12 * first.year + first.month - 1 + step, 12)
            if (year, month + 1) > (last.year, last.month):
                return None
            wanted = not rule.months or month + 1 in rule.months
            return _of_months(rule, first, year, [month + 1]) if wanted else []
        case "WEEKLY":
            monday = first.toordinal() - first.weekday() + 7 * step
            weekdays = sorted({nth.weekday for nth in rule.weekdays}) or [first.weekday()]
            found = [date.fromordinal(monday + weekday) for weekday in weekdays if monday <= last.toordinal()]
            return [day for day in found if _fits(rule, day)] if monday <= last.toordinal() else None
        case _:
            ordinal = first.toordinal() + step
            if ordinal > last.toordinal():
                return None
            day = date.fromordinal(ordinal)
            weekday = not rule.weekdays or day.weekday() in {nth.weekday for nth in rule.weekdays}
            return [day] if weekday and _fits(rule, day) else []


def _of_months(rule: Recurrence, first: date, year: int, months: Iterable[int]) -> list[date]:
    return [day for month in months for day in _days_of_month(rule, first, year, month)]


def _days_of_month(rule: Recurrence, first: date, year: int, month: int) -> list[date]:
    length = monthrange(year, month)[1]
    whole = [date(year, month, number) for number in range(1, length + 1)]
    if rule.weekdays:
        found = [day for day in whole if any(_is_nth(one, day, length) for one in rule.weekdays)]
        wanted = {day if day > 0 else length + 1 + day for day in rule.month_days}
        return [day for day in found if not wanted or day.day in wanted]
    numbers = {day if day > 0 else length + 1 + day for day in rule.month_days} or {first.day}
    return [day for day in whole if day.day in numbers]


def _is_nth(nth: Nth, day: date, length: int) -> bool:
    if day.weekday() != nth.weekday:
        return False
    if nth.number > 0:
        return (day.day - 1) // 7 + 1 == nth.number
    return nth.number == 0 or (length - day.day) // 7 + 1 == -nth.number


def _fits(rule: Recurrence, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    wanted = {one if one > 0 else length + 1 + one for one in rule.month_days}
    return (not rule.months or day.month in rule.months) and (not wanted or day.day in wanted)
