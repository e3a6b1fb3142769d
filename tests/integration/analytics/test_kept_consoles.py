"""What the console takes from memory is what is counted anew, whatever has changed since."""

from datetime import datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select

from server.analytics import remembered
from server.analytics.console import building
from server.analytics.console.building import Ask
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.queries.funnels import STEPS
from server.analytics.rollups import marking
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.collecting import collect_since
from server.analytics.rollups.tasks import compute_dirty
from server.analytics.rules import Range, later, trailing
from server.core.events import Event, publish_all
from server.institution import service as institution
from server.operations.privacy.erasing import service as erasing
from storage.database.engine import Database
from storage.database.tables import (
    AnalyticsDay,
    Course,
    CourseAnalytics,
    CourseInstructor,
    InstructorAnalytics,
    PlatformAnalytics,
    TeamMember,
    User,
)
from storage.states import FactKind, PaymentKind
from tests.fixtures.database import on_both_databases
from tests.integration.analytics.year import ACTIVE, METRICS, Done, Year, make_year
from tests.world.builder import World

START, TODAY = "2032-08-01", "2032-11-10"
LENGTHS = (1, 7, 90)


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


class Office(msgspec.Struct):
    """An institution whose past is computed, and one scope of each kind."""

    year: Year
    scopes: dict[str, Scope]
    teacher: str
    team: str

    @property
    def database(self) -> Database:
        return self.year.database

    @property
    def world(self) -> World:
        return World(self.database, lambda: noon(TODAY))

    async def learn(self, day: str, *kinds: FactKind, people: int = 4) -> None:
        """Facts of the first people, and of one who enrols first, in the first course."""
        course_id, chosen = self.year.lessons[0].course_id, list(self.year.people)[:people]
        name = f"Newcomer {len(self.year.people)}"
        newcomer = await World(self.database, lambda: noon(day)).person(name)
        self.year.people[newcomer.id] = noon(day)
        done = [Done(FactKind.ENROLLED, newcomer.id, course_id, noon(day))]
        done += [Done(kind, one, course_id, noon(day)) for kind in kinds for one in [*chosen, newcomer.id]]
        await self.year.write(done)
        await collect_since(self.database, None)

    async def compute(self) -> None:
        """What the scheduled task does with dirty days: a late fact counts on the days after it, too."""
        await compute_dirty(self.database, noon(TODAY), 60)

    async def step(self, day: str, kind: FactKind, number: int) -> None:
        """A step of the funnel that the people up to a number take in the first course."""
        course_id = self.year.lessons[0].course_id
        async with self.database.write() as session:
            terms: dict[str, Any] = {
                "kind": kind,
                "subject": course_id,
                "course_id": course_id,
                "at": noon(day),
            }
            people = list(self.year.people)[:number]
            await publish_all(session, [Event(user_id=user_id, **terms) for user_id in people])

    async def shown(self, today: str = TODAY) -> dict[str, Any]:
        """The console of every scope and length, without what it was asked."""
        found: dict[str, Any] = {}
        for length in LENGTHS:
            days = trailing(today, length)
            for name, scope in self.scopes.items():
                async with self.database.read() as session:
                    place = await institution.shown(session)
                    ask = Ask(
                        scope=scope, days=days, before=days.before, today=today, now=noon(today), place=place
                    )
                    shown = msgspec.to_builtins(await building.console(session, ask))
                del shown["ask"], shown["storage"]  # what was measured is in the stored rows alone
                found[f"{name}, {length} days"] = shown
        return found

    async def counted(self, today: str = TODAY) -> dict[str, Any]:
        """The same with nothing in memory."""
        remembered.kept.clear()
        return await self.shown(today)

    async def live(self, today: str = TODAY) -> dict[str, Any]:
        """The same as if no day had ever been computed, so that all is counted from facts."""
        async with self.database.write() as session:
            for table in (AnalyticsDay, PlatformAnalytics, CourseAnalytics, InstructorAnalytics):
                await session.execute(delete(table))
        return await self.shown(today)


@pytest.fixture
async def office(database: Database) -> Office:
    year = await make_year(database, "UTC", size=700, people=12)
    people = [await year_person(database, user_id) for user_id in year.people]
    course_id = year.lessons[0].course_id
    async with database.read() as session:
        teacher = await session.scalar(
            select(CourseInstructor.user_id).where(CourseInstructor.course_id == course_id)
        )
        course = await session.get_one(Course, course_id)
    world = World(database, lambda: noon(START))
    team = await world.team("Blue", *people[:5])
    await world.enrol(course, *people[:8])
    office = Office(
        year=year,
        teacher=str(teacher),
        team=team.id,
        scopes={
            "everything": EVERYTHING,
            "course": Scope(course_id=course_id),
            "instructor": Scope(instructor_id=str(teacher)),
            "team": Scope(team_id=team.id),
            "team in a course": Scope(team_id=team.id, course_id=course_id),
        },
    )
    for day in ("2032-10-04", later(TODAY, -8), later(TODAY, -1)):
        await office.learn(day, FactKind.LESSON_STARTED, FactKind.REVIEW_POSTED)
    await office.step("2032-10-20", STEPS[0], 9)
    await office.step(later(TODAY, -2), STEPS[1], 5)
    await world.payment(kind=PaymentKind.RECURRING)
    await aggregate(database, Range("2031-12-31", later(TODAY, -1)).days, TODAY, noon(TODAY))
    return office


async def year_person(database: Database, user_id: str) -> User:
    async with database.read() as session:
        return await session.get_one(User, user_id)


@on_both_databases
async def test_what_is_remembered_is_what_facts_say(office: Office) -> None:
    first = await office.shown()
    assert await office.shown() == first
    assert await office.counted() == first
    assert await office.live() == first


@on_both_databases
async def test_facts_of_the_current_day_count_at_once(office: Office) -> None:
    before = await office.shown()
    for number, kind in enumerate(ACTIVE):
        await office.learn(TODAY, kind, *METRICS, people=3 * number)
        await office.step(TODAY, STEPS[number % 3], 3 * number)
        found = await office.shown()
        assert found != before
        before = found
    assert await office.counted() == before
    assert await office.live() == before


async def test_late_fact_counts_when_its_day_is_computed_again(office: Office) -> None:
    before = await office.shown()
    late = later(TODAY, -5)
    await office.learn(late, FactKind.LESSON_COMPLETED)
    await office.step(late, STEPS[2], 8)
    await aggregate(office.database, [late], TODAY, noon(TODAY))
    assert await office.shown() == await office.counted()
    await office.compute()
    found = await office.shown()
    assert found != before
    assert found == await office.counted()
    assert found == await office.live()


async def test_a_day_that_turns_is_no_longer_counted_as_the_current_one(office: Office) -> None:
    tomorrow = later(TODAY, 1)
    await office.learn(TODAY, FactKind.LESSON_COMPLETED)
    await office.shown()
    waiting = await office.shown(tomorrow)  # while the day that is over is not computed
    assert waiting == await office.counted(tomorrow)
    await aggregate(office.database, [TODAY], tomorrow, noon(tomorrow))
    await office.learn(tomorrow, FactKind.QUIZ_SUBMITTED)
    await office.step(tomorrow, STEPS[1], 9)
    found = await office.shown(tomorrow)
    assert found != waiting
    assert found == await office.counted(tomorrow)
    assert found == await office.live(tomorrow)


@on_both_databases
async def test_deleted_person_is_forgotten(office: Office) -> None:
    gone = list(office.year.people)[:2]
    await office.learn(TODAY, FactKind.LESSON_COMPLETED)
    before = await office.shown()
    for user_id in gone:  # the days of the second one are sealed already
        async with office.database.write() as session:
            await marking.seal_person(session, user_id, noon(TODAY))
            await session.execute(delete(User).where(User.id == user_id))
        found = await office.shown()
        assert found != before
        assert found == await office.counted()
        before = found


@on_both_databases
async def test_erased_person_counts_once_at_every_moment(office: Office) -> None:
    gone = list(office.year.people)[1]
    await office.learn(TODAY, FactKind.LESSON_COMPLETED)
    await office.shown()
    await erasing.begin(office.database, gone, noon(TODAY), by=None)
    assert await office.shown() == await office.counted()
    async with office.database.read() as session:
        person = await erasing._person(session, gone)
    assert person
    moving = [step for step in erasing.STEPS if step not in erasing.GONE]
    for step in (*erasing.GONE, *moving[: len(moving) // 2]):
        async with office.database.write() as session:
            await step(session, person)
    assert await office.shown() == await office.counted()
    assert await erasing.run(office.database, gone, noon(TODAY))
    found = await office.shown()
    assert found == await office.counted()
    assert found == await office.live()


async def test_other_people_of_a_team_and_courses_of_an_instructor(office: Office) -> None:
    before = await office.shown()
    joined = list(office.year.people)[7]
    async with office.database.write() as session:
        session.add(TeamMember(team_id=office.team, user_id=joined, added_at=noon(TODAY)))
        left = next(iter(office.year.people))
        await session.execute(delete(TeamMember).where(TeamMember.user_id == left))
        course_id = office.year.lessons[-1].course_id
        await session.execute(delete(CourseInstructor).where(CourseInstructor.course_id == course_id))
    found = await office.shown()
    assert {name for name in found if found[name] != before[name]} >= {"team, 90 days", "instructor, 90 days"}
    assert found == await office.counted()
    assert without_instructors(found) == without_instructors(await office.live())


def without_instructors(found: dict[str, Any]) -> dict[str, Any]:
    """Stored rows keep who taught on each day; facts alone know who teaches now."""
    return {name: {part: own[part] for part in own if part != "instructors"} for name, own in found.items()}


async def test_payment_counts_at_once(office: Office) -> None:
    before = await office.shown()
    await office.world.payment()
    await office.world.payment(kind=PaymentKind.RECURRING)
    found = await office.shown()
    assert found["everything, 1 days"]["revenue"] != before["everything, 1 days"]["revenue"]
    assert found == await office.counted()


async def test_memory_is_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = await office.shown()
    monkeypatch.setattr(remembered, "MOST_KEPT", 9)
    assert await office.counted() == everything
    (known,) = remembered.kept.values()
    assert known.weight == sum(weight for *_, weight in known.figures.values())
    assert known.weight <= 9 or len(known.figures) == 1
