"""Days off of an iCalendar file (RFC 5545): events of one day, of several, and recurring ones. Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from server.core.errors import Invalid, TooLarge
from server.gamification.changes.entering import MOST_DAYS, clean_day_name
from server.gamification.changes.ics import recurrence
from server.gamification.changes.ics.lines import Property, properties, unescaped
from server.gamification.changes.rules import MOST_DAYS_OFF, DayOff
from storage.messages import N_, Message, byte_size, message

FILE_BYTES = 1_000_000
MOST_EVENTS = 5_000
BACK, AHEAD = 5, 10  # years around today that are read
MOST_WORK = 300_000  # periods of recurrences, and days of events
MOST_PROBLEMS = 200  # that are told
DATE = re.compile(r"\d{8}")
MOMENT = re.compile(r"(\d{8})T(\d{6})(Z?)")
DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")


class LineProblem(msgspec.Struct, frozen=True):
    line: int  # of the file, from 1
    sentence: Message


class DaysRead(msgspec.Struct, frozen=True):
    days: tuple[DayOff, ...]  # in order, each once
    events: int
    problems: tuple[LineProblem, ...]


class Window(msgspec.Struct, frozen=True):
    """Days that are read: the others would be of no use."""

    first: date
    last: date
    zone: str  # in which moments become days

    @classmethod
    def around(cls, today: str, zone: str) -> "Window":
        year = date.fromisoformat(today).year
        return cls(date(year - BACK, 1, 1), date(year + AHEAD, 12, 31), zone)


class Fault(Exception):
    def __init__(self, line: int, sentence: str, **values: str | int) -> None:
        super().__init__(sentence)
        self.problem = LineProblem(line, message(sentence, **values))


def read(data: bytes, window: Window) -> DaysRead:
    """Days of all events. One that is not understood is told, and the others are read.

    Raises Invalid and TooLarge when the file as a whole is of no use.
    """
    if len(data) > FILE_BYTES:
        raise TooLarge(N_("The file is larger than %(limit)s."), limit=byte_size(FILE_BYTES))
    text = data.decode("utf-8-sig", errors="replace")
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise Invalid(N_("This is no calendar file: one begins with BEGIN:VCALENDAR."))
    found: dict[str, str] = {}
    problems: list[LineProblem] = []
    count, budget = 0, recurrence.Budget(MOST_WORK)
    for event in _events(text):
        count += 1
        if count > MOST_EVENTS:
            raise TooLarge(N_("The file has more than %(count)s events."), count=MOST_EVENTS)
        try:
            _add(found, event, window, budget)
        except Fault as fault:
            problems.append(fault.problem)
        except recurrence.Exhausted:
            raise TooLarge(N_("The events of the file recur too often.")) from None
    if not count:
        raise Invalid(N_("The file has no events."))
    days = tuple(DayOff(day, found[day]) for day in sorted(found))
    return DaysRead(days, count, tuple(problems[:MOST_PROBLEMS]))


def _add(found: dict[str, str], event: list[Property], window: Window, budget: recurrence.Budget) -> None:
    first, length, name = _span(event, window)
    for day in _days(event, first, length, window, budget):
        found.setdefault(day.isoformat(), name)
        if len(found) > MOST_DAYS_OFF:
            raise TooLarge(N_("The file has more than %(count)s days off."), count=MOST_DAYS_OFF)


def _events(text: str) -> Iterator[list[Property]]:
    """Properties of each event, without those of its alarms."""
    event: list[Property] | None = None
    inside = ""  # component within the event
    for one in properties(text):
        value = one.value.upper()
        if one.name == "BEGIN" and value == "VEVENT":
            event, inside = [one], ""
        elif event is None:
            continue
        elif one.name == "END" and value == "VEVENT":
            yield event
            event = None
        elif one.name == "BEGIN":
            inside = inside or value
        elif one.name == "END":
            inside = "" if value == inside else inside
        elif not inside:
            event.append(one)
    if event is not None:
        yield event


def _span(event: list[Property], window: Window) -> tuple[date, int, str]:
    """First day, days, and name."""
    by_name = {one.name: one for one in reversed(event)}
    start = by_name.get("DTSTART")
    if start is None:
        raise Fault(event[0].line, N_("The event has no start."))
    begin = _moment(start, window)
    end = _end(by_name, start, begin, window)
    if end < begin:
        raise Fault(by_name["DTEND"].line, N_("The event ends before it starts."))
    last = (end - timedelta(seconds=1)).date() if end > begin else begin.date()
    length = (max(last, begin.date()) - begin.date()).days + 1
    if length > MOST_DAYS:
        raise Fault(start.line, N_("The event is longer than a year."))
    name = by_name.get("SUMMARY")
    return begin.date(), length, clean_day_name(unescaped(name.value)[:80]) if name else ""


def _end(by_name: dict[str, Property], start: Property, begin: datetime, window: Window) -> datetime:
    """End, exclusive. Without one, a date lasts a day and a moment no time (section 3.6.1)."""
    if end := by_name.get("DTEND"):
        return _moment(end, window)
    if lasts := by_name.get("DURATION"):
        match = DURATION.fullmatch(lasts.value.upper())
        if match is None or not any(match.groups()):
            raise Fault(lasts.line, N_("The duration “%(value)s” is not understood."), value=_short(lasts))
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        if span > timedelta(days=MOST_DAYS):
            raise Fault(lasts.line, N_("The event is longer than a year."))
        return begin + span
    return begin + timedelta(days=1) if DATE.fullmatch(start.value) else begin


def _moment(one: Property, window: Window) -> datetime:
    """Local time in the institution's zone, without the zone: what its clocks show."""
    try:
        if DATE.fullmatch(one.value):
            return _in_range(datetime.strptime(one.value, "%Y%m%d"))
        if match := MOMENT.fullmatch(one.value.upper()):
            plain = _in_range(datetime.strptime(match[1] + match[2], "%Y%m%d%H%M%S"))
            zone = UTC if match[3] else _zone(one, window)
            return plain.replace(tzinfo=zone).astimezone(ZoneInfo(window.zone)).replace(tzinfo=None)
    except (ValueError, OverflowError):
        pass
    raise Fault(one.line, N_("The date “%(value)s” is not understood."), value=_short(one))


def _in_range(plain: datetime) -> datetime:
    if not 1900 <= plain.year <= 9990:
        raise ValueError
    return plain


def _zone(one: Property, window: Window) -> ZoneInfo:
    """An unknown or missing zone is that of the institution."""
    try:
        return ZoneInfo(one.parameters.get("TZID", window.zone).lstrip("/"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(window.zone)


def _days(
    event: list[Property], first: date, length: int, window: Window, budget: recurrence.Budget
) -> Iterator[date]:
    excluded = set(_listed(event, "EXDATE", window))
    for start in (*_starts(event, first, length, window, budget), *_listed(event, "RDATE", window)):
        if start in excluded:
            continue
        budget.spend(length)
        for number in range(length):
            day = start + timedelta(days=number)
            if window.first <= day <= window.last:
                yield day


def _starts(
    event: list[Property], first: date, length: int, window: Window, budget: recurrence.Budget
) -> Iterable[date]:
    if any(one.name == "STATUS" and one.value.upper() == "CANCELLED" for one in event):
        return []
    rule = next((one for one in event if one.name == "RRULE"), None)
    if rule is None:
        return [first]
    try:
        parsed = recurrence.parse(rule.value)
    except recurrence.Unsupported:
        sentence = N_("The recurrence “%(value)s” is not understood, so the event was left out.")
        raise Fault(rule.line, sentence, value=_short(rule)) from None
    seen = (window.first - timedelta(days=length), window.last)
    return list(recurrence.days(parsed, first, seen, budget))


def _listed(event: list[Property], name: str, window: Window) -> Iterator[date]:
    for one in event:
        if one.name == name:
            for value in one.value.split(",")[:MOST_DAYS]:
                yield _moment(
                    msgspec.structs.replace(one, value=value.strip().partition("/")[0]), window
                ).date()


def _short(one: Property) -> str:
    return one.value[:60]
