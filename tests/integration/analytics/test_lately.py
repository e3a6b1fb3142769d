"""Figures with the current day in them: as of when they were counted, anew at once when they must be."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from server.analytics.console import asking, building
from server.analytics.console.building import Ask, Console
from server.analytics.rollups import tasks as rollups
from server.analytics.rules import later
from server.core.text.formats import time_of_day
from server.library.enrolments import enrol
from storage.database.engine import Database
from storage.database.tables import Course, PlatformAnalytics
from storage.states import Role
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World
from tests.world.clock import START

HERE = "/admin/analytics"
API = "/api/admin/analytics"
TODAY = START.date().isoformat()


@pytest.fixture
async def course(world: World, learner: Account, instructor: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner])


@pytest.fixture
def at_a_minutes_end(course: Course, held_clock: HeldClock) -> None:
    """Some seconds after staff had entered something."""
    held_clock.advance(seconds=55)


async def complete(world: World, course: Course, learner: Account) -> None:
    await world.completed(await world.lesson(course), learner)


async def completed(administrator: Account) -> tuple[int, datetime]:
    """Completed lessons as the API tells them, and as of when."""
    found = (await administrator.api.get(API)).json()
    return found["lessons_completed"]["value"], datetime.fromisoformat(found["span"]["as_of"])


@pytest.mark.usefixtures("at_a_minutes_end")
async def test_a_figure_says_when_it_was_counted(
    administrator: Account, world: World, learner: Account, course: Course, held_clock: HeldClock
) -> None:
    counted = held_clock.now()
    assert await completed(administrator) == (0, counted)
    await complete(world, course, learner)
    held_clock.advance(seconds=9)
    assert await completed(administrator) == (0, counted)
    held_clock.advance(seconds=1)
    assert await completed(administrator) == (1, held_clock.now())


@pytest.mark.usefixtures("at_a_minutes_end")
async def test_page_tile_and_files_are_of_one_moment(
    administrator: Account, world: World, learner: Account, course: Course, held_clock: HeldClock
) -> None:
    async def shown() -> tuple[bool, bool, bool, str]:
        """Whether the figures have the completion; and whether both moments are told as that of `counted`."""
        text = (await administrator.browser.get(HERE)).text
        tile = text.split('data-figure="lessons_completed"', 1)[1].split("</a>", 1)[0]
        table = (await administrator.browser.get(f"{HERE}/tables/learning.csv")).text
        told = time_of_day(counted)
        moments = f", <span>as of {told}</span>" in text and f"<span data-as-of>{told}</span>" in text
        return tile.endswith(">1"), ",1," in table.splitlines()[-1], moments, told

    counted = held_clock.now()
    assert (await shown())[:3] == (False, False, True)
    await complete(world, course, learner)
    held_clock.advance(seconds=9)  # in the next minute
    assert time_of_day(held_clock.now()) != time_of_day(counted)
    assert (await shown())[:3] == (False, False, True)
    held_clock.advance(seconds=1)
    counted = held_clock.now()
    assert (await shown())[:3] == (True, True, True)


async def test_clock_that_was_set_back_keeps_no_figure_longer(
    administrator: Account, world: World, learner: Account, course: Course, held_clock: HeldClock
) -> None:
    assert (await completed(administrator))[0] == 0
    await complete(world, course, learner)
    held_clock.advance(seconds=-10)
    assert await completed(administrator) == (1, held_clock.now())


async def test_payment_counts_at_once(administrator: Account, world: World, course: Course) -> None:
    assert (await administrator.api.get(f"{API}/revenue")).json()["revenue"] == []
    assert "€12.00" not in (await administrator.browser.get(HERE)).text
    await world.payment(amount=1200, course_id=course.id)
    assert (await administrator.api.get(f"{API}/revenue")).json()["revenue"][0]["amount"] == 1200
    assert "€12.00" in (await administrator.browser.get(HERE)).text


async def test_what_an_administrator_did_counts_at_once(administrator: Account, course: Course) -> None:
    async def learners() -> int:
        return int((await administrator.api.get(API)).json()["total_users"])

    before = await learners()
    new = {"email": "emmy@example.edu", "name": "Emmy Noether", "role": "learner"}
    made = await administrator.api.post("/api/people", json=new)
    assert made.status_code == 201
    assert await learners() == before + 1
    gone = await administrator.api.patch(f"/api/people/{made.json()['id']}", json={"disabled": True})
    assert gone.status_code == 200
    assert await learners() == before


async def test_day_that_is_computed_again_counts_at_once(
    administrator: Account,
    world: World,
    learner: Account,
    course: Course,
    database: Database,
    held_clock: HeldClock,
) -> None:
    await complete(world, course, learner)
    held_clock.advance(days=1)
    await rollups.compute_dirty(database, held_clock.now(), 10)
    async with database.write() as session:
        await session.execute(update(PlatformAnalytics).values(lessons_completed=7))
    assert (await completed(administrator))[0] == 7
    assert (await administrator.api.post(f"{API}/aggregate/{TODAY}")).status_code == 200
    assert (await completed(administrator))[0] == 1


@on_both_databases
async def test_enrolment_by_staff_counts_at_once_and_by_learners_soon(
    database: Database,
) -> None:
    world = World(database, lambda: START)
    course = await world.course("Waves")
    people = [await world.person(f"Person {number}") for number in range(4)]
    teacher = await world.person("Grace", role=Role.INSTRUCTOR)

    async def enrolments(after: float = 0) -> int:
        found = await shown(database, START + timedelta(seconds=after))
        return next(
            one.value for card in found.cards if (one := card.also) and one.metric == "enrolments_live"
        )

    await world.enrol(course, people[3])  # the first fact of the day
    assert await enrolments() == 1
    await world.enrol(course, people[0])
    assert await enrolments() == 1
    async with database.write() as session:
        await enrol(session, course.id, [people[1].id], actor_id=teacher.id, now=START)
    assert await enrolments() == 3
    await world.enrol(course, people[2])
    assert await enrolments(10) == 4


async def asked(database: Database, now: datetime) -> Ask:
    async with database.read() as session:
        return (await asking.asked(session, {}, now)).ask


async def shown(database: Database, now: datetime) -> Console:
    ask = await asked(database, now)
    async with database.read() as session:
        return await building.shown(session, ask)


async def test_those_who_ask_together_are_counted_for_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await World(database, lambda: START).course("Optics")
    count, counted = building.console, []

    async def slowly(*given: object) -> Console:
        counted.append(given)
        await asyncio.sleep(0.1)
        return await count(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "console", slowly)
    found = await asyncio.gather(*(shown(database, START) for _ in range(3)))
    assert len(counted) == 1
    assert all(one is found[0] for one in found)


@pytest.mark.usefixtures("at_a_minutes_end")
async def test_other_days_and_filters_are_counted_for_themselves(
    administrator: Account, world: World, learner: Account, course: Course
) -> None:
    assert (await completed(administrator))[0] == 0
    await complete(world, course, learner)
    for chosen in ({"days": "7"}, {"course": course.id}):
        found = (await administrator.api.get(API, params=chosen)).json()
        assert found["lessons_completed"]["value"] == 1
    assert (await completed(administrator))[0] == 0


async def test_day_that_turns_is_not_shown_as_the_current_one(
    database: Database,
) -> None:
    night = datetime.fromisoformat(f"{later(TODAY, 1)}T00:00:00+00:00")
    before = await shown(database, night - timedelta(seconds=1))
    found = await shown(database, night)
    assert (before.ask.days.last, found.ask.days.last) == (TODAY, later(TODAY, 1))
    assert found.ask.now == night
