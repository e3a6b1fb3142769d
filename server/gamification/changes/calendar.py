"""Calendar of the institution: days off of a year, and what an imported file would change. Steps."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.text.normalize import one_line
from server.gamification.changes.rules import CalendarChange, DayOff
from server.gamification.xp import books
from server.gamification.xp.streaks import Calendar
from storage.database.tables import CalendarDay

SOURCE_LENGTH = 80  # characters of a file's name


class Day(msgspec.Struct, frozen=True):
    label: str  # YYYY-MM-DD
    number: int  # of the month
    off: str  # "day", "week" or empty
    name: str
    today: bool


class Month(msgspec.Struct, frozen=True):
    first: date
    weeks: list[list[Day | None]]  # Monday to Sunday; None: of another month


class Source(msgspec.Struct, frozen=True):
    name: str  # of an imported file
    days: int


class Year(msgspec.Struct, frozen=True, kw_only=True):
    year: int
    months: list[Month]
    days: list[tuple[DayOff, str]]  # with the files that they come from
    weeks: tuple[tuple[str, str], ...]  # from which day on, weekdays off as digits
    sources: list[Source]  # imported files, of all years


async def year(session: AsyncSession, number: int, today: str) -> Year:
    """Days off of a year."""
    found = (await books.book(session)).calendar
    chosen = CalendarDay.day.between(f"{number}-01-01", f"{number}-12-31")
    rows = list(await session.scalars(select(CalendarDay).where(chosen).order_by(CalendarDay.day)))
    sources = select(CalendarDay.source, func.count()).where(CalendarDay.source != "")
    listed = await session.execute(sources.group_by(CalendarDay.source).order_by(CalendarDay.source))
    names = {row.day: row.name for row in rows}
    return Year(
        year=number,
        months=[_month(number, month, found, names, today) for month in range(1, 13)],
        days=[(DayOff(row.day, row.name), row.source) for row in rows],
        weeks=found.weeks,
        sources=[Source(name, days) for name, days in listed],
    )


def _month(year: int, month: int, calendar: Calendar, names: Mapping[str, str], today: str) -> Month:
    weekday, length = monthrange(year, month)
    days: list[Day | None] = [None] * weekday
    for number in range(1, length + 1):
        label = date(year, month, number).isoformat()
        off = "day" if label in names else "week" if calendar.is_off(label, len(days) % 7) else ""
        days.append(Day(label, number, off, names.get(label, ""), label == today))
    days += [None] * (-len(days) % 7)
    return Month(date(year, month, 1), [days[begin : begin + 7] for begin in range(0, len(days), 7)])


async def source_days(session: AsyncSession, source: str) -> tuple[str, ...]:
    """Days of an imported file."""
    found = await session.scalars(select(CalendarDay.day).where(CalendarDay.source == source))
    return tuple(sorted(found))


async def import_change(session: AsyncSession, days: Sequence[DayOff], source: str) -> CalendarChange:
    """What the days of a file change: they take the place of those of the same file before.

    Days that are entered by hand, or in another file, stay as they are.
    """
    rows = list(await session.scalars(select(CalendarDay)))
    own = {row.day: row.name for row in rows if row.source == source}
    others = {row.day for row in rows if row.source != source}
    new = {one.day: one.name for one in days if one.day not in others}
    return CalendarChange(
        add=tuple(DayOff(day, name) for day, name in sorted(new.items()) if own.get(day) != name),
        remove=tuple(sorted(day for day, name in own.items() if new.get(day) != name)),
        source=source,
    )


def source_name(filename: str) -> str:
    """Name of a file, by which a second import finds the days of the first."""
    name = one_line(filename.replace("\\", "/").rpartition("/")[2], limit=SOURCE_LENGTH)
    return name[:SOURCE_LENGTH] or "calendar.ics"
