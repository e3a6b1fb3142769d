"""Figures of the current day for those who have the page open: counted once for all of them."""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.console.building import Ask, Console
from server.analytics.console.rules import ConsoleState
from server.analytics.lately import lately
from server.analytics.queries import series, sums
from server.analytics.queries.sums import Series
from server.analytics.rules import Range

METRICS = ("active_people", "lessons_completed", "watch_seconds", "enrolments_new", "people_new")


class Today(msgspec.Struct, frozen=True, kw_only=True):
    figures: dict[str, int]  # by metric, in the order of METRICS
    as_of: datetime  # to the minute
    time_zone: str


async def today(session: AsyncSession, ask: Ask) -> Today:
    """Step."""
    return await lately(session, ("today", ask.today), ask.scope, ask.now, lambda: _counted(session, ask))


async def _counted(session: AsyncSession, ask: Ask) -> Today:
    day = Range(ask.today, ask.today)
    found = await sums.daily(session, ask.scope, day, METRICS[1:])
    return _today(
        ask, {**found, "active_people": {ask.today: await series.distinct(session, ask.scope, day)}}
    )


def of(console: Console) -> Today:
    """The current day's part of what a console shows, which ends with it."""
    return _today(console.ask, {**console.series, **console.active})


def _today(ask: Ask, found: Series) -> Today:
    return Today(
        figures={name: found[name][ask.today] or 0 for name in METRICS},  # nothing of it is deleted yet
        as_of=ask.now.replace(second=0, microsecond=0),
        time_zone=ask.place.time_zone,
    )


def topic(state: ConsoleState) -> str:
    return f"analytics/today/{state.course}/{state.instructor}/{state.team}"
