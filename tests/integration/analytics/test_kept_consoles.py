"""What the console takes from memory is what is counted anew, whatever has changed since."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import delete, select

from server.analytics import ahead, remembered
from server.analytics.console import asking, building
from server.analytics.definitions import people as definitions
from server.analytics.queries import sums
from server.analytics.queries.funnels import STEPS
from server.analytics.rollups import marking
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rules import Range, later
from server.operations.privacy.erasing import service as erasing
from server.operations.privacy.erasing.steps import GONE
from storage.database.engine import Database
from storage.database.tables import Course, CourseInstructor, Enrolment, TeamMember, User
from storage.states import FactKind, PaymentKind, Role
from tests.fixtures.copies import Filled
from tests.fixtures.database import on_both_databases
from tests.integration.analytics.office import TODAY, Office, make_office, noon
from tests.integration.analytics.year import ACTIVE, METRICS


@pytest.fixture
async def office(filled: Filled, database: Database) -> Office:
    office: Office = await filled(make_office)
    return office.copy(database)


@pytest.fixture
def counted_ahead(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Figures of past days that are counted from now on."""
    found: list[str] = []
    add = remembered.Kept.add

    def noted(self: remembered.Kept, what: Any, *others: Any) -> None:
        found.append(str(what))
        add(self, what, *others)

    monkeypatch.setattr(remembered.Kept, "add", noted)
    return found


@on_both_databases
async def test_what_is_remembered_is_what_facts_say(office: Office) -> None:
    first = await office.shown()
    assert await office.shown() == first
    assert await office.counted() == first
    assert await office.live() == first


@on_both_databases
async def test_people_of_a_filter_are_counted_one_by_one(office: Office) -> None:
    """Learners who are enrolled in its courses and in its team; those who may not sign in are new, too."""
    world, scopes = office.world, office.scopes
    course_id = scopes["course"].course_id
    async with office.database.read() as session:
        course, other = [
            await session.get_one(Course, one) for one in (str(course_id), office.year.lessons[-1].course_id)
        ]
        learners = {one.id for one in await session.scalars(select(User).where(User.role == Role.LEARNER))}
        people = [await session.get_one(User, one) for one in list(office.year.people)[:3]]
    await world.enrol(other, *people)  # who are in two courses of the instructor now
    async with office.database.write() as session:
        disabled = await session.get_one(User, people[0].id)
        disabled.disabled_at = noon(TODAY)
        left = await session.scalar(select(Enrolment).where(Enrolment.user_id == people[1].id))
        assert left
        left.ended_at = noon(TODAY)
    enrolled, taught, team, days = await _memberships(office)
    inside = {one for one, of in enrolled if of == course.id}
    wanted = {
        "everything": learners,
        "course": inside,
        "instructor": {one for one, of in enrolled if of in taught},
        "team": team - {disabled.id},
        "team in a course": inside & (team - {disabled.id}),
    }
    whole = Range("2031-12-31", TODAY)
    for name, scope in scopes.items():
        async with office.database.read() as session:
            total = await definitions.people_total(session, scope)
            new = (await sums.daily(session, scope, whole, ["people_new"]))["people_new"]
        assert total == len(wanted[name] - {disabled.id}), name
        by_day = Counter(days[one] for one in wanted[name] if str(days[one]) <= TODAY)
        assert {day: count for day, count in new.items() if count} == by_day, name


async def _memberships(
    office: Office,
) -> tuple[set[tuple[str, str]], set[str], set[str], dict[str, str | None]]:
    """Live enrolments, the teacher's courses, people of the team, and the day of each account."""
    live = select(Enrolment.user_id, Enrolment.course_id).where(Enrolment.ended_at.is_(None))
    own = select(CourseInstructor.course_id).where(CourseInstructor.user_id == office.teacher)
    async with office.database.read() as session:
        return (
            {(row.user_id, row.course_id) for row in await session.execute(live)},
            set(await session.scalars(own)),
            set(await session.scalars(select(TeamMember.user_id))),
            {row.id: row.created_day for row in await session.execute(select(User.id, User.created_day))},
        )


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
    moving = [step for step in erasing.STEPS if step not in GONE]
    for step in (*GONE, *moving[: len(moving) // 2]):
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


async def test_figures_of_past_days_are_counted_ahead(office: Office, counted_ahead: list[str]) -> None:
    remembered.kept.clear()
    version = await ahead.count_ahead(office.database, noon(TODAY))
    assert counted_ahead
    counted_ahead.clear()
    assert await ahead.count_ahead(office.database, noon(TODAY), version) == version
    await office.shown()  # of other lengths and scopes, too
    counted_ahead.clear()
    async with office.database.read() as session:
        asked = await asking.asked(session, {}, noon(TODAY))
        await building.console(session, asked.ask)
    assert not counted_ahead
    late = later(TODAY, -5)
    await office.learn(late, FactKind.LESSON_COMPLETED)
    assert await ahead.count_ahead(office.database, noon(TODAY), version) == version
    await office.compute()
    assert await ahead.count_ahead(office.database, noon(TODAY), version) not in (None, version)


async def test_nothing_is_counted_ahead_while_yesterday_is_not_computed(office: Office) -> None:
    assert await ahead.count_ahead(office.database, noon(later(TODAY, 1))) is None


async def test_memory_is_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = await office.shown()
    monkeypatch.setattr(remembered, "MOST_KEPT", 9)
    assert await office.counted() == everything
    (known,) = remembered.kept.values()
    assert known.weight == sum(weight for *_, weight in known.figures.values())
    assert known.weight <= 9 or len(known.figures) == 1
