"""Distinct people of ranges and of days: those of past days are remembered, the current day is added."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import people
from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import past_of
from server.analytics.queries import current, gone
from server.analytics.queries.sums import Series, gaps
from server.analytics.remembered import once, remembered
from server.analytics.rules import MONTH_DAYS, WEEK_DAYS, Range, later, trailing
from storage.database.tables import PlatformAnalytics

NAMES = ("active_people", "active_week", "active_month")
LENGTHS = (1, WEEK_DAYS, MONTH_DAYS)


async def distinct(session: AsyncSession, scope: Scope, days: Range) -> int | None:
    """Step: distinct active people of a range; None: not known any more. Only the last day is counted anew,
    if it is not computed yet: those of its people who were not active on an earlier day of the range."""
    return await once(session, ("distinct", scope, days), lambda: _distinct(session, scope, days))


async def _distinct(session: AsyncSession, scope: Scope, days: Range) -> int | None:
    lost = await gone.people(session, scope, days)
    if lost.among(days):
        return lost.people[days.last] if days.count == 1 else None
    if not (found := await past_of(session, scope, days, alone=True)):
        if days.count == 1:
            return await current.count(session, scope, days.last)
        return await people.active_people(session, scope, days)
    past, version = found

    async def count() -> int:
        return await people.active_people(session, scope, past)

    counted = await remembered(session, ("active", scope, past), version, count)
    if past == days:
        return counted
    return counted + await current.newcomers(session, scope, days.last, days.first)


async def active_days(session: AsyncSession, scope: Scope, days: Range) -> Series:
    """Step: distinct people of each day, and of the 7 and 30 days up to it."""
    found: dict[str, dict[str, int | None]] = {name: dict.fromkeys(days.days, 0) for name in NAMES}
    spans = [days]
    if scope.is_everything:
        row = PlatformAnalytics
        columns = select(row.day, row.active_people, row.active_week, row.active_month)
        known = set()
        inside = row.day.between(days.first, days.last)
        for day, *values in (await session.execute(columns.where(inside))).all():
            known.add(day)
            for name, value in zip(NAMES, values, strict=True):
                found[name][day] = value
        spans = gaps(days, known)
    for span in spans:
        for name, counts in zip(NAMES, await _counted(session, scope, span), strict=True):
            found[name] |= counts
    lost = await gone.people(session, scope, Range(later(days.first, 1 - MONTH_DAYS), days.last))
    for name, length in zip(NAMES, LENGTHS, strict=True) if lost.days else ():
        found[name] |= {day: None for day in days.days if lost.among(trailing(day, length))}
    found[NAMES[0]] |= {day: count for day, count in lost.people.items() if day >= days.first}
    return found


async def _counted(session: AsyncSession, scope: Scope, span: Range) -> list[dict[str, int | None]]:
    if span.count == 1:
        day = span.last
        return [{day: await distinct(session, scope, trailing(day, length))} for length in LENGTHS]
    if not (found := await past_of(session, scope, span, alone=True)):
        return await _slid(session, scope, span)
    past, version = found
    slid = await remembered(
        session,
        ("slid", scope, past),
        version,
        lambda: _slid(session, scope, past),
        lambda _counts: 1 + past.count // 100,
    )
    if past == span:
        return slid
    last = await _counted(session, scope, Range(span.last, span.last))
    return [before | added for before, added in zip(slid, last, strict=True)]


async def _slid(session: AsyncSession, scope: Scope, days: Range) -> list[dict[str, int | None]]:
    """Distinct people of each day, of 7 and of 30 days up to it, from one reading of who learned when."""
    wide = Range(later(days.first, 1 - MONTH_DAYS), days.last)
    rows = people.active_rows(scope, wide).subquery()
    learned: dict[str, set[str]] = {day: set() for day in wide.days}
    for day, user_id in await session.execute(select(rows.c.day, rows.c.user_id).distinct()):
        learned[day].add(user_id)
    return [{day: len(_within(learned, day, length)) for day in days.days} for length in LENGTHS]


def _within(learned: dict[str, set[str]], last: str, length: int) -> set[str]:
    return set().union(*(learned[later(last, -number)] for number in range(length)))


def by_week(days: Sequence[str], values: dict[str, int], of: Any) -> dict[str, int]:
    """Sums of weeks or months (`rules.week`, `rules.month`) of what can be added up."""
    sums: dict[str, int] = {}
    for day in days:
        sums[of(day)] = sums.get(of(day), 0) + values[day]
    return sums
