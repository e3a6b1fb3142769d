"""Rules, achievements and calendar as the engine takes them. Steps.

A process builds them once for each content that the rows have: one statement tells which that is.
"""

from collections import defaultdict
from typing import Any

import msgspec
from sqlalchemy import Row, Select, String, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp.engine import Award, Book, Terms, Version
from server.gamification.xp.streaks import Calendar
from storage.database.tables import Achievement, CalendarDay, CalendarWeek, Institution, XpRuleVersion
from storage.states import XpRule

MOST_KNOWN = 8  # contents that a process keeps: one, and those that are going out of use
_known: dict[tuple[Any, ...], Book] = {}


async def book(session: AsyncSession) -> Book:
    """Rules, achievements and calendar as they are now."""
    content = await _content(session)
    if content in _known:
        return _known[content]
    found = await _load(session)
    if await _content(session) == content:  # else they were changed while they were read
        while len(_known) >= MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[content] = found
    return found


def _texts(*columns: Any) -> Any:
    """All rows of a table as one text; the order of them may differ."""
    fields = [func.coalesce(cast(column, String), literal("-")) for column in columns]
    line: Any = fields[0]
    for field in fields[1:]:
        line = line.concat(literal("|")).concat(field)
    return select(func.aggregate_strings(line, "\n")).scalar_subquery()


def _contents() -> Select[Any]:
    rule, award, place = XpRuleVersion, Achievement, Institution
    return select(
        _texts(rule.rule, rule.subject, rule.version, rule.amount, rule.valid_from),
        _texts(
            award.position,
            award.id,
            award.criterion,
            award.threshold,
            award.since,
            award.retired_at,
            award.earlier,
        ),
        _texts(CalendarDay.day),
        _texts(CalendarWeek.valid_from, CalendarWeek.weekdays),
        _texts(place.time_zone, place.day_start_hour),
    )


CONTENTS = _contents()  # made once: building a statement takes longer than SQLite needs for it


async def _content(session: AsyncSession) -> tuple[Any, ...]:
    row: Row[Any] = (await session.execute(CONTENTS)).one()
    return tuple(row)


async def _load(session: AsyncSession) -> Book:
    versions: dict[tuple[XpRule, str], list[Version]] = defaultdict(list)
    for row in await session.scalars(select(XpRuleVersion).order_by(XpRuleVersion.version)):
        versions[row.rule, row.subject].append(Version(row.version, row.amount, row.valid_from))
    rows = await session.scalars(select(Achievement).order_by(Achievement.position, Achievement.id))
    awards = tuple(_award(row) for row in rows)
    days = await session.scalars(select(CalendarDay.day))
    weeks = await session.execute(
        select(CalendarWeek.valid_from, CalendarWeek.weekdays).order_by(CalendarWeek.valid_from)
    )
    zone = (await session.execute(select(Institution.time_zone, Institution.day_start_hour))).one_or_none()
    place = {"time_zone": zone.time_zone, "day_start_hour": zone.day_start_hour} if zone else {}
    return Book(
        versions={key: tuple(known) for key, known in versions.items()},
        awards=awards,
        calendar=Calendar(frozenset(days), tuple((first, weekdays) for first, weekdays in weeks)),
        **place,
    )


def _award(row: Achievement) -> Award:
    return Award(
        id=row.id,
        criterion=row.criterion,
        threshold=row.threshold,
        retired=row.retired_at is not None,
        since=row.since,
        earlier=msgspec.convert(row.earlier, tuple[Terms, ...]),
    )
