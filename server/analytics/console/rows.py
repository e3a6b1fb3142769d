"""What is behind a figure: its value of a range, rows of days, and how far each day is computed. Steps."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.console import cards, recurring
from server.analytics.console.building import Ask
from server.analytics.console.cards import Amount
from server.analytics.console.rules import running
from server.analytics.console.tables import Cell, Column, Kind, Table, column, money
from server.analytics.definitions import encoding, people
from server.analytics.definitions import money as amounts
from server.analytics.definitions.metric import Kind as Counting
from server.analytics.definitions.metric import Metric
from server.analytics.queries import series, sums
from server.analytics.queries.figures import completion, encoded, rating_of
from server.analytics.rules import MONTH_DAYS, WEEK_DAYS, Range, later, percent, total, trailing
from storage.database.tables import AnalyticsDay, PlatformAnalytics
from storage.messages import N_

PAGE_DAYS = 31
_DAY = Column(name=N_("Day"), kind=Kind.DAY)
_ACTIVE = ("active_people", "active_week", "active_month")
COUNTS = {  # of a rate, and of what there is now
    "stickiness": ("active_people", "active_month"),
    "completion_rate": ("enrolments_completed", "enrolments_started"),
    "encode_success_rate": ("encodes_succeeded", "encodes_failed"),
    "people_total": ("people_new",),
    "enrolments_live": ("enrolments_new", "enrolments_left"),
    "rating": ("reviews_posted",),
}
Rows = tuple[list[Column], list[tuple[Cell, ...]]]


class DayState(StrEnum):
    """Where a day's figures come from."""

    LIVE = "live"  # the current day, counted when it is shown
    STORED = "stored"
    DIRTY = "dirty"  # a later fact has come: it is computed again within minutes
    SEALED = "sealed"  # some of its facts were deleted: it stays as it is
    COUNTED = "counted"  # from its facts, when it is shown


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    table: Table
    states: list[tuple[DayState, datetime | None]]  # of each row, and when it was computed

    @property
    def has_gaps(self) -> bool:
        """Whether a figure is not known, as facts of its days were deleted."""
        counts = [place for place, one in enumerate(self.table.columns) if one.kind != Kind.PERCENT]
        return any(row[place] is None for row in self.table.rows for place in counts)


def is_stored(metric: Metric) -> bool:
    """Whether its days, or those of its counts, are stored and can be computed again."""
    return metric.kind in (Counting.SUM, Counting.DISTINCT, Counting.RATE) or metric.id in COUNTS


async def behind(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Behind:
    """Step. `days`: of one page, inside those that are asked for."""
    columns, rows = await _rows_of(metric)(session, ask, metric, days)
    known = select(AnalyticsDay).where(AnalyticsDay.day.between(days.first, days.last))
    found = {row.day: row for row in await session.scalars(known)}
    stored = is_stored(metric) and not ask.scope.team_id
    return Behind(
        table=Table(id=metric.id, title=metric.name, columns=[_DAY, *columns], rows=rows),
        states=[
            # A team has no stored days, but what is not known is so as its day is sealed.
            _state(str(row[0]), found.get(str(row[0])), ask.today, stored=stored or None in row[1:2])
            for row in rows
        ],
    )


async def columns(session: AsyncSession, ask: Ask, metric: Metric) -> list[Column]:
    """Step: columns of the whole range. Currencies are those of any of its days."""
    if metric.id == "revenue":
        found = await amounts.revenue_days(session, ask.scope, ask.days)
        return [_DAY, *money(metric.id, sorted(found))]
    if metric.id == "mrr":
        return [_DAY, *money(metric.id, await recurring.currencies(session, ask.scope))]
    last = Range(ask.days.last, ask.days.last)
    return (await behind(session, ask, metric, last)).table.columns


def under(wanted: Sequence[Column], table: Table) -> list[tuple[Cell, ...]]:
    """Rows of a part under the columns of the whole: an amount in a currency that it has not is 0."""
    places = {(one.metric, one.currency): place for place, one in enumerate(table.columns)}
    own = [places.get((one.metric, one.currency)) for one in wanted]
    return [tuple(0 if place is None else row[place] for place in own) for row in table.rows]


def _state(
    day: str, row: AnalyticsDay | None, today: str, *, stored: bool
) -> tuple[DayState, datetime | None]:
    if day >= today:
        return DayState.LIVE, None
    if row is None or not stored or not row.computed:
        return DayState.COUNTED, None
    if row.sealed_at is not None:
        return DayState.SEALED, row.computed_at
    return (DayState.DIRTY if row.generation > row.computed else DayState.STORED), row.computed_at


def _rows_of(metric: Metric) -> Callable[[AsyncSession, Ask, Metric, Range], Awaitable[Rows]]:
    special = {
        "stickiness": _stickiness,
        "completion_rate": _completion,
        "encode_success_rate": _success,
        "people_total": _totals,
        "enrolments_live": _totals,
        "rating": _reviews,
        "storage_bytes": _storage,
        "revenue": _revenue,
        "mrr": _mrr,
    }
    return special.get(metric.id, _plain)


async def _plain(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    if metric.id in _ACTIVE:
        found = (await series.active_days(session, ask.scope, days))[metric.id]
    else:
        found = (await sums.daily(session, ask.scope, days, [metric.id]))[metric.id]
    return [column(metric.id)], list(found.items())


async def _stickiness(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    found = await series.active_days(session, ask.scope, days)
    day, month = (found[name] for name in COUNTS[metric.id])
    columns = [column(name) for name in (*COUNTS[metric.id], metric.id)]
    return columns, [(one, day[one], month[one], percent(day[one], month[one])) for one in days.days]


async def _counts(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> list[dict[str, int]]:
    names = COUNTS[metric.id]
    """Counts of days that are always known: none of them is of what retention deletes."""
    found = await sums.daily(session, ask.scope, days, names)
    return [{day: value or 0 for day, value in found[name].items()} for name in names]


async def _completion(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    """Both counts of each day, and the rate of all up to its end."""
    done, started = await _counts(session, ask, metric, days)
    before = await completion(session, ask.scope, later(days.first, -1))
    part, whole = before.count or 0, before.of or 0
    rows: list[tuple[Cell, ...]] = []
    for day in days.days:
        part, whole = part + done[day], whole + started[day]
        rows.append((day, done[day], started[day], percent(part, whole)))
    return [column(name) for name in (*COUNTS[metric.id], metric.id)], rows


async def _success(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    good, bad = await _counts(session, ask, metric, days)
    columns = [column(name) for name in (*COUNTS[metric.id], metric.id)]
    return columns, [
        (day, good[day], bad[day], percent(good[day], good[day] + bad[day])) for day in days.days
    ]


async def _totals(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    """What each day added and took, and what there was at its end: from what there is now."""
    until = Range(days.first, ask.today)
    counts = await _counts(session, ask, metric, until)
    added = [counts[0][day] - (counts[1][day] if len(counts) > 1 else 0) for day in until.days]
    total = dict(zip(until.days, running(await _now(session, ask, metric.id), added), strict=True))
    columns = [column(name) for name in (*COUNTS[metric.id], metric.id)]
    return columns, [(day, *(one[day] for one in counts), total[day]) for day in days.days]


async def _reviews(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    (posted,) = await _counts(session, ask, metric, days)
    return [column("reviews_posted")], list(posted.items())


async def _storage(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    row = PlatformAnalytics
    measured = select(row.day, row.storage_bytes).where(
        row.day.between(days.first, days.last), row.storage_bytes.is_not(None)
    )
    found = await session.execute(measured.order_by(row.day)) if ask.scope.is_everything else ()
    return [column(metric.id)], [(day, size) for day, size in found]


async def _revenue(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    found = cards.every_day(days, await amounts.revenue_days(session, ask.scope, days))
    return money(metric.id, found), _by_day(days.days, found)


async def _mrr(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> Rows:
    found = await recurring.at_ends(session, ask.scope, days.days, ask.place, ask.now)
    return money(metric.id, found), _by_day(days.days, found)


def _by_day(days: Sequence[str], found: Mapping[str, Mapping[str, int]]) -> list[tuple[Cell, ...]]:
    return [(day, *(own[day] for own in found.values())) for day in days]


async def _now(session: AsyncSession, ask: Ask, metric: str) -> int:
    function = people.people_total if metric == "people_total" else people.enrolments_live
    return await function(session, ask.scope)


async def value(session: AsyncSession, ask: Ask, metric: Metric) -> list[Amount]:
    """Step: the figure of the range beside that of the compared days, for each currency of money. Empty for
    figures that `standing` has."""
    if metric.kind == Counting.SUM:
        now, before = [await _sum(session, ask, metric, days) for days in (ask.days, ask.before)]
        return [cards.amount(now, before)]
    if metric.kind == Counting.DISTINCT:
        now, before = [await _distinct(session, ask, metric, days) for days in (ask.days, ask.before)]
        return [cards.amount(now, before)]
    if metric.id in ("revenue", "mrr"):
        return await _money(session, ask, metric)
    return []


async def _sum(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> int | None:
    return total((await sums.daily(session, ask.scope, days, [metric.id]))[metric.id].values())


async def _distinct(session: AsyncSession, ask: Ask, metric: Metric, days: Range) -> int | None:
    lengths = {"active_week": WEEK_DAYS, "active_month": MONTH_DAYS}
    span = trailing(days.last, lengths[metric.id]) if metric.id in lengths else days
    return await series.distinct(session, ask.scope, span)


async def _money(session: AsyncSession, ask: Ask, metric: Metric) -> list[Amount]:
    if metric.id == "revenue":
        now, before = [
            {one.currency: one.amount for one in await amounts.revenue(session, ask.scope, days)}
            for days in (ask.days, ask.before)
        ]
        return cards.of_currencies(now, before)
    edge = later(ask.days.first, -1)
    found = await recurring.at_ends(session, ask.scope, [edge, ask.days.last], ask.place, ask.now)
    return cards.of_currencies(
        {one: own[ask.days.last] for one, own in found.items()},
        {one: own[edge] for one, own in found.items()},
    )


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that is not compared: a rate beside its counts, or what there is now."""

    value: int | float | None
    count: int | None = None
    of: int | None = None


async def standing(session: AsyncSession, ask: Ask, metric: Metric) -> Standing | None:
    """Step. None for figures that `value` has."""
    match metric.id:
        case "people_total" | "enrolments_live":
            return Standing(value=await _now(session, ask, metric.id))
        case "storage_bytes":
            return Standing(value=await encoding.storage_bytes(session, ask.scope))
        case "rating":
            found = rating_of(*await people.rating(session, ask.scope))
            return Standing(value=found.mean, count=found.reviews)
        case "completion_rate":
            rate = await completion(session, ask.scope, ask.days.last)
            return Standing(value=rate.percent, count=rate.count, of=rate.of)
        case "stickiness":
            last = ask.days.last
            part, whole = [
                await series.distinct(session, ask.scope, trailing(last, length))
                for length in (1, MONTH_DAYS)
            ]
            return Standing(value=percent(part, whole), count=part, of=whole)
        case "encode_success_rate":
            rate = encoded(await sums.daily(session, ask.scope, ask.days, COUNTS[metric.id]))
            return Standing(value=rate.percent, count=rate.count, of=rate.of)
        case _:
            return None
