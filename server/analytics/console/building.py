"""Everything that the console shows of a range and a filter, from one reading of the database."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.console import cards, recurring, rules
from server.analytics.console.cards import Also, Card
from server.analytics.definitions import encoding, money, people, rates
from server.analytics.definitions.metric import Unit
from server.analytics.definitions.scope import Scope
from server.analytics.lately import lately
from server.analytics.queries import funnels, journeys, series, sums, top
from server.analytics.queries.figures import Rate, Rating, completion, encoded, figure, rating_of
from server.analytics.queries.funnels import Funnel
from server.analytics.queries.journeys import Cohort
from server.analytics.queries.sums import Series
from server.analytics.queries.top import TopCourse, TopInstructor
from server.analytics.rules import Range, later
from server.institution.service import InstitutionView
from storage.database.tables import PlatformAnalytics

TOP = 5
MOST_LISTED = 100_000  # courses and instructors where all of them are listed
COHORTS = 10  # weeks of enrolment in the heat table
MEASURED_DAYS = 90  # of storage, before the end of the range
Money = dict[str, dict[str, int]]  # minor units by currency and day


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: days, what they are compared with, and the filter."""

    scope: Scope
    days: Range
    before: Range
    today: str
    now: datetime
    place: InstitutionView

    @property
    def is_live(self) -> bool:
        """Whether the current day is shown, as far as it is over."""
        return self.days.last == self.today


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    now: int  # bytes
    measured: dict[str, int]  # by day, of everything; empty with a filter


class Console(msgspec.Struct, frozen=True, kw_only=True):
    ask: Ask
    cards: list[Card]
    series: Series  # what is added up, by metric and day
    earlier: Series  # the same of the days that they are compared with
    active: Series  # distinct people of each day, of 7 and of 30 days up to it
    stickiness: Rate
    completion: Rate
    encoding: Rate
    rating: Rating
    funnel: Funnel
    cohorts: list[Cohort]
    courses: list[TopCourse]
    instructors: list[TopInstructor]
    revenue: Money
    mrr: Money
    storage: Storage

    @property
    def step(self) -> rules.Step:
        return rules.step_of(self.ask.days)

    @property
    def has_gaps(self) -> bool:
        """Whether a figure is not known, as facts of its days were deleted."""
        days = [one for own in (self.series, self.earlier, self.active) for one in own.values()]
        compared = [one.before for card in self.cards for one in card.amounts]
        values = (*(one.values() for one in days), *(one.active for one in self.cohorts), compared)
        return any(None in one for one in values)

    def grouped(self, metric: str) -> dict[str, int | None]:
        """Sums by day, week or month, as the range is long."""
        return rules.grouped(self.series[metric], self.step)


async def shown(session: AsyncSession, ask: Ask, limit: int = TOP) -> Console:
    """Step: what was counted for everybody some seconds ago, if it was: `ask.now` of it is when."""
    what = ("console", ask.days, ask.before, ask.today, limit)
    return await lately(session, what, ask.scope, ask.now, lambda: console(session, ask, limit), _weight)


def _weight(found: Console) -> int:
    lists = len(found.courses) + len(found.instructors)
    return 1 + (found.ask.days.count + len(found.storage.measured) + lists) // 5


async def console(session: AsyncSession, ask: Ask, limit: int = TOP) -> Console:
    """Step: counted now. `limit`: courses and instructors in the lists."""
    scope, days = ask.scope, ask.days
    now, earlier = await sums.daily(session, scope, days), await sums.daily(session, scope, ask.before)
    active = await series.active_days(session, scope, days)
    revenue, before = await _revenue(session, scope, days), await _revenue(session, scope, ask.before)
    edge = later(days.first, -1)
    mrr = await recurring.at_ends(session, scope, [edge, *recurring.moments(days)], ask.place, ask.now)
    done = await completion(session, scope, days.last)
    dau, mau = active["active_people"][days.last], active["active_month"][days.last]
    return Console(
        ask=ask,
        cards=[
            *await _people(session, ask, now, earlier, active),
            *await _learning(session, ask, now, earlier, done),
            cards.money("revenue", _sums(revenue), _sums(before), revenue),
            cards.money("mrr", _last(mrr), {one: own[edge] for one, own in mrr.items()}, mrr),
        ],
        series=now,
        earlier=earlier,
        active=active,
        stickiness=Rate(percent=rates.stickiness(dau, mau), count=dau, of=mau),
        completion=done,
        encoding=encoded(now),
        rating=rating_of(*await people.rating(session, scope)),
        funnel=await funnels.funnel(session, scope, days),
        cohorts=await journeys.retention(session, scope, cohort_days(days)),
        courses=await top.courses(session, days, limit=limit, scope=scope),
        instructors=await top.instructors(session, days, limit, scope=scope),
        revenue=revenue,
        mrr=mrr,
        storage=await _storage(session, scope, days),
    )


async def _people(
    session: AsyncSession, ask: Ask, now: Series, earlier: Series, active: Series
) -> list[Card]:
    counts = [await series.distinct(session, ask.scope, days) for days in (ask.days, ask.before)]
    total = await people.people_total(session, ask.scope)
    new = cards.compared(now["people_new"], earlier["people_new"])
    return [
        cards.people(total, new, now["people_new"]),
        cards.count("active_people", Unit.PEOPLE, figure(*counts), active["active_people"]),
    ]


async def _learning(session: AsyncSession, ask: Ask, now: Series, earlier: Series, done: Rate) -> list[Card]:
    live = Also(metric="enrolments_live", value=await people.enrolments_live(session, ask.scope))
    wanted = (
        ("enrolments_new", Unit.ENROLMENTS, live),
        ("enrolments_completed", Unit.ENROLMENTS, Also(metric="completion_rate", rate=done)),
        ("watch_seconds", Unit.SECONDS, None),
    )
    return [
        cards.count(name, unit, cards.compared(now[name], earlier[name]), now[name], also)
        for name, unit, also in wanted
    ]


async def _revenue(session: AsyncSession, scope: Scope, days: Range) -> Money:
    return cards.every_day(days, await money.revenue_days(session, scope, days))


def _sums(by_day: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {currency: sum(days.values()) for currency, days in by_day.items()}


def _last(by_day: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {currency: list(days.values())[-1] for currency, days in by_day.items()}


def cohort_days(days: Range) -> Range:
    """Days of the heat table: the last weeks up to the end of the range, whatever its length."""
    return Range(later(days.last, 1 - 7 * COHORTS), days.last)


async def _storage(session: AsyncSession, scope: Scope, days: Range) -> Storage:
    measured: dict[str, int] = {}
    if scope.is_everything:
        row, first = PlatformAnalytics, min(days.first, later(days.last, -MEASURED_DAYS))
        query = select(row.day, row.storage_bytes).where(
            row.day.between(first, days.last), row.storage_bytes.is_not(None)
        )
        measured = {day: int(size or 0) for day, size in await session.execute(query.order_by(row.day))}
    return Storage(now=await encoding.storage_bytes(session, scope), measured=measured)
