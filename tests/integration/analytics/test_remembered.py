"""Figures of the past that a process keeps: the same as counted anew, also with a day that is not over."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from server.analytics import remembered
from server.analytics.definitions import money, people
from server.analytics.definitions.scope import EVERYTHING
from server.analytics.queries import journeys, series
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rules import Range, later, trailing
from storage.database.engine import Database
from storage.database.tables import AnalyticsDay
from storage.states import FactKind, PaymentKind
from tests.fixtures.database import on_both_databases
from tests.integration.analytics.year import Done, Year, make_year
from tests.world.builder import World

DAYS = ["2032-05-05", "2032-05-03", "2032-05-09"]  # Wednesday, Monday, Sunday
START = "2032-02-20"


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


async def learned(year: Year, day: str) -> None:
    """Facts of the day: of people who had learned before, and of one who enrols first."""
    chosen = list(year.people)
    course_id = year.lessons[0].course_id
    newcomer = await World(year.database, lambda: noon(day)).person(f"Newcomer of {day}")
    year.people[newcomer.id] = noon(day)
    kinds = [(FactKind.ENROLLED, newcomer.id), (FactKind.LESSON_STARTED, newcomer.id)]
    kinds += [(FactKind.LESSON_STARTED, person) for person in chosen[:3]]
    await year.write([Done(kind, person, course_id, noon(day)) for kind, person in kinds])


async def everything(database: Database, day: str) -> tuple[object, ...]:
    async with database.read() as session:
        active = [await series.distinct(session, EVERYTHING, trailing(day, days)) for days in (1, 7, 30)]
        days = await series.active_days(session, EVERYTHING, trailing(day, 7))
        return active, days, await journeys.retention(session, EVERYTHING, trailing(day, 56))


async def anew(database: Database, day: str) -> tuple[object, ...]:
    """Without a computed day, so that nothing is taken from memory."""
    async with database.write() as session:
        await session.execute(update(AnalyticsDay).values(computed=0))
    return await everything(database, day)


@on_both_databases
@pytest.mark.parametrize("today", DAYS)
async def test_days_before_the_current_one_are_counted_once(database: Database, today: str) -> None:
    year = await make_year(database, "UTC", size=400, people=20)
    await learned(year, later(today, -2))
    past = Range(START, later(today, -1))
    await aggregate(database, past.days, today, noon(today))
    before = await everything(database, today)
    await learned(year, today)
    found = await everything(database, today)
    assert found != before
    assert found == await everything(database, today)
    async with database.read() as session:
        counted = [
            await people.active_people(session, EVERYTHING, trailing(today, days)) for days in (1, 7, 30)
        ]
    assert found[0] == counted
    assert found == await anew(database, today)


async def test_late_fact_counts_when_its_day_is_computed_again(database: Database) -> None:
    year = await make_year(database, "UTC", size=400, people=20)
    today, late = "2032-05-05", "2032-05-01"
    past = Range(START, later(today, -1))
    await aggregate(database, past.days, today, noon(today))
    await everything(database, today)
    await learned(year, late)
    await aggregate(database, [late], today, noon(today))
    again = await everything(database, today)
    assert again == await anew(database, today)


async def test_no_more_than_some_figures_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "MOST_KEPT", 2)
    counts: list[str] = []

    async def figure(name: str) -> str:
        async def count() -> str:
            counts.append(name)
            return name

        async with database.read() as session:
            return await remembered.remembered(session, name, 1, count)

    for name in "ababcacbb":
        assert await figure(name) == name
    assert counts == list("abcab")


@on_both_databases
async def test_mrr_of_a_new_payment_counts_at_once(database: Database) -> None:
    begin = datetime(2026, 1, 10, 8, tzinfo=UTC)
    for number in range(3):
        await World(database, lambda: begin).payment(kind=PaymentKind.RECURRING)
        async with database.read() as session:
            curves = await money.curves(session, EVERYTHING)
        assert curves["EUR"].at(begin).active == number + 1
