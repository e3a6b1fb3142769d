"""Every figure equals the one that is counted again in plain Python, in many zones."""

from collections import Counter

import pytest
from sqlalchemy import func, select

from server.analytics.definitions import SUMS
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.rollups.counting import DayRows, counted, summed
from server.analytics.rules import later
from storage.database.engine import Database
from tests.integration.analytics.year import DAYS, Year, make_year

ZONES = [
    ("Asia/Kathmandu", 0),  # +05:45
    ("America/St_Johns", 3),  # -03:30, clock changes
    ("Europe/Berlin", 4),
    ("Europe/London", 0),
    ("America/New_York", 2),
    ("America/Santiago", 0),  # changes at midnight
    ("Australia/Lord_Howe", 2),  # by half an hour
    ("Asia/Kolkata", 5),
    ("Pacific/Kiritimati", 0),  # +14
    ("Pacific/Pago_Pago", 0),  # -11
    ("Africa/Cairo", 0),
    ("UTC", 23),
]
WITH_PEOPLE = ("Asia/Kathmandu", "America/St_Johns")


def check_sums(year: Year, rows: dict[str, DayRows]) -> None:
    for metric, expected in year.figures().items():
        wanted: Counter[tuple[str, str | None]] = Counter()
        for (day, course_id), value in expected.items():
            wanted[day, None] += value
            if course_id:
                wanted[day, course_id] += value
        found = {
            (day, course_id): figures[metric]
            for day, own in rows.items()
            for course_id, figures in [(None, own.platform), *own.courses.items()]
            if figures.get(metric)
        }
        assert found == {key: value for key, value in wanted.items() if value}, metric


def check_people(year: Year, rows: dict[str, DayRows]) -> None:
    for day, own in rows.items():
        assert own.platform["active_people"] == len(year.active(day, day))
        assert own.platform["active_week"] == len(year.active(later(day, -6), day))
        assert own.platform["active_month"] == len(year.active(later(day, -29), day))
        for course_id, figures in own.courses.items():
            assert figures["active_people"] == len(year.active(day, day, course_id))


@pytest.mark.parametrize(("zone", "hour"), ZONES)
async def test_days_equal_plain_counting(database: Database, zone: str, hour: int) -> None:
    year = await make_year(database, zone, hour, size=120, seed=hour)
    async with database.read() as session:
        rows = await (counted if zone in WITH_PEOPLE else summed)(session, DAYS)
        check_sums(year, rows)
        if zone in WITH_PEOPLE:
            check_people(year, rows)
        for metric, definition in SUMS.items():
            whole = definition(EVERYTHING, DAYS).subquery()
            total = await session.scalar(select(func.coalesce(func.sum(whole.c.value), 0)))
            assert (
                sum(own.platform[metric] for own in rows.values())
                == total
                == sum(year.figures()[metric].values())
            ), metric
    assert set(rows) == set(DAYS.days)
    assert any(not any(own.platform[metric] for metric in SUMS) for own in rows.values())  # empty days


async def test_scopes_count_their_courses_alone(database: Database) -> None:
    year = await make_year(database, "Europe/Berlin", 4, size=150)
    course_id = year.lessons[0].course_id
    async with database.read() as session:
        for metric, definition in SUMS.items():
            if metric == "people_new":
                continue
            rows = definition(Scope(course_id=course_id), DAYS).subquery()
            total = await session.scalar(select(func.coalesce(func.sum(rows.c.value), 0)))
            assert total == sum(
                value for (_, course), value in year.figures()[metric].items() if course == course_id
            ), metric
