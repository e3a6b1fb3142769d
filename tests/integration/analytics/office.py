"""Institution whose past is computed, and its console in every scope, as it is shown and as it is counted."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import delete, select

from server.analytics import remembered
from server.analytics.console import building
from server.analytics.console.building import Ask
from server.analytics.definitions.scope import EVERYTHING, Scope
from server.analytics.queries.funnels import STEPS
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.collecting import collect_since
from server.analytics.rollups.tasks import compute_dirty
from server.analytics.rules import Range, later, trailing
from server.core.events import Event, publish_all
from server.institution import service as institution
from storage.database.engine import Database
from storage.database.tables import (
    AnalyticsDay,
    Course,
    CourseAnalytics,
    CourseInstructor,
    InstructorAnalytics,
    PlatformAnalytics,
    User,
)
from storage.states import FactKind, PaymentKind
from tests.integration.analytics.year import Done, Year, make_year
from tests.world.builder import World

START, TODAY = "2032-08-01", "2032-11-10"
BEGIN = datetime(2032, 5, 15, tzinfo=UTC)  # so that 90 days and those before have facts
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

    def copy(self, database: Database) -> "Office":
        """The same in a copy of its database."""
        return msgspec.structs.replace(self, year=self.year.copy(database))

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
        """The console of every scope for the longest time, and of everything for each length, without what it
        was asked."""
        asked = [(name, LENGTHS[-1]) for name in self.scopes]
        asked += [("everything", length) for length in LENGTHS[:-1]]
        found: dict[str, Any] = {}
        for name, length in asked:
            days = trailing(today, length)
            async with self.database.read() as session:
                place = await institution.shown(session)
                ask = Ask(
                    scope=self.scopes[name],
                    days=days,
                    before=days.before,
                    today=today,
                    now=noon(today),
                    place=place,
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


async def make_office(database: Database) -> Office:
    year = await make_year(database, "UTC", size=700, people=12, begin=BEGIN)
    people = [await _person(database, user_id) for user_id in year.people]
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
    await aggregate(database, Range("2032-05-14", later(TODAY, -1)).days, TODAY, noon(TODAY))
    return office


async def _person(database: Database, user_id: str) -> User:
    async with database.read() as session:
        return await session.get_one(User, user_id)
