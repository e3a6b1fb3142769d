"""Check of the daily rows against the facts: every difference by its day, figure and both values."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.rollups.aggregating import SPAN
from server.analytics.rollups.counting import (
    OF_COURSES,
    OF_INSTRUCTORS,
    OF_PLATFORM,
    DayRows,
    Figures,
    counted,
)
from server.analytics.rules import Range, later
from server.core.clock import Clock
from storage.database.engine import Database
from storage.database.tables import (
    AnalyticsCheck,
    AnalyticsDay,
    CourseAnalytics,
    InstructorAnalytics,
    PlatformAnalytics,
)

MOST_KEPT = 200  # differences that are stored; all of them are counted
PLATFORM = "platform"

Stored = dict[tuple[str, str], dict[str, Figures]]  # by day and kind of row: of a course or an instructor


class Difference(msgspec.Struct, frozen=True):
    day: str
    row: str  # "platform", "course ID" or "instructor ID"
    metric: str
    stored: int
    computed: int


class LeftOutFor(StrEnum):
    """Why days are not compared."""

    SEALED = "sealed"  # some of their facts were deleted
    WAITING = "waiting"  # not computed yet, or to be computed again


class LeftOut(msgspec.Struct, frozen=True):
    """Days in a row that are not compared."""

    first: str
    last: str
    why: LeftOutFor


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a check."""

    began_at: datetime
    ended_at: datetime
    first_day: str
    last_day: str
    days: int  # that were recomputed
    skipped: int  # sealed, or waiting to be computed
    left_out: list[LeftOut]  # which these are, the first of them
    found: int  # differences
    differences: list[Difference]  # the first of them


async def verify(database: Database, days: Range, clock: Clock) -> Check:
    """Use case: recompute every stored day that is neither dirty nor sealed, and keep the result."""
    began_at = clock.now()
    differences: list[Difference] = []
    left_out: list[LeftOut] = []
    start = days.first
    while start <= days.last:
        span = Range(start, min(days.last, later(start, SPAN - 1)))
        async with database.read() as session:
            clean = await _clean(session, span)
            left_out += _left_out(span, clean, await _sealed(session, span))
            if clean:
                computed, stored = await counted(session, span), await _stored(session, span)
                for day in clean:
                    differences += _compared(day, stored, computed[day])
        start = later(span.last, 1)
    check = Check(
        began_at=began_at,
        ended_at=clock.now(),
        first_day=days.first,
        last_day=days.last,
        days=days.count - len(left_out),
        skipped=len(left_out),
        left_out=_joined(left_out)[:MOST_KEPT],
        found=len(differences),
        differences=differences[:MOST_KEPT],
    )
    await _keep(database, check)
    return check


async def last_check(session: AsyncSession) -> Check | None:
    """Step: result of the last check."""
    row = await session.get(AnalyticsCheck, 1)
    if row is None:
        return None
    values = {name: getattr(row, name) for name in Check.__struct_fields__}
    values["differences"] = msgspec.convert(row.differences, list[Difference])
    return Check(**{**values, "left_out": msgspec.convert(row.left_out, list[LeftOut])})


async def _keep(database: Database, check: Check) -> None:
    values = {name: getattr(check, name) for name in check.__struct_fields__}
    values |= {name: msgspec.to_builtins(values[name]) for name in ("differences", "left_out")}
    async with database.write() as session:
        await session.execute(delete(AnalyticsCheck))
        await session.execute(insert(AnalyticsCheck).values(id=1, **values))


async def _clean(session: AsyncSession, span: Range) -> list[str]:
    row = AnalyticsDay
    found = select(row.day).where(
        row.day.between(span.first, span.last),
        row.computed > 0,
        row.computed == row.generation,
        row.sealed_at.is_(None),
    )
    return list(await session.scalars(found.order_by(row.day)))


async def _sealed(session: AsyncSession, span: Range) -> set[str]:
    row = AnalyticsDay
    found = select(row.day).where(row.day.between(span.first, span.last), row.sealed_at.is_not(None))
    return set(await session.scalars(found))


def _left_out(span: Range, clean: Collection[str], sealed: Collection[str]) -> Iterator[LeftOut]:
    compared = set(clean)
    for day in span.days:
        if day not in compared:
            yield LeftOut(day, day, LeftOutFor.SEALED if day in sealed else LeftOutFor.WAITING)


def _joined(days: Iterable[LeftOut]) -> list[LeftOut]:
    """Days in a row that are left out for the same reason, as one."""
    found: list[LeftOut] = []
    for one in days:
        if found and found[-1].why == one.why and later(found[-1].last, 1) == one.first:
            found[-1] = LeftOut(found[-1].first, one.last, one.why)
        else:
            found.append(one)
    return found


async def _stored(session: AsyncSession, span: Range) -> Stored:
    found: Stored = {}
    tables: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
        (PlatformAnalytics, "", OF_PLATFORM),
        (CourseAnalytics, "course_id", OF_COURSES),
        (InstructorAnalytics, "user_id", OF_INSTRUCTORS),
    )
    for table, key, names in tables:
        columns = [
            table.day,
            *([getattr(table, key)] if key else []),
            *(getattr(table, one) for one in names),
        ]
        for row in await session.execute(select(*columns).where(table.day.between(span.first, span.last))):
            figures = dict(zip(names, row[-len(names) :], strict=True))
            found.setdefault((row[0], key), {})[row[1] if key else PLATFORM] = figures
    return found


def _compared(day: str, stored: Stored, rows: DayRows) -> Iterator[Difference]:
    kinds: tuple[tuple[str, str, Mapping[str, Figures]], ...] = (
        ("", "", {PLATFORM: rows.platform}),
        ("course_id", "course ", rows.courses),
        ("user_id", "instructor ", rows.instructors),
    )
    for key, title, computed in kinds:
        known = stored.get((day, key), {})
        for name in sorted(known.keys() | computed.keys()):
            before, now = known.get(name, {}), computed.get(name, {})
            for metric in sorted(before.keys() | now.keys()):
                if before.get(metric, 0) != now.get(metric, 0):
                    yield Difference(day, title + name, metric, before.get(metric, 0), now.get(metric, 0))
