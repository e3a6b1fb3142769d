"""Courses whose last open lesson is taken away: completed for everybody who has done the others, once."""

from collections.abc import Awaitable, Callable

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from server.learning import tasks
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    Certificate,
    CertificateSettings,
    Course,
    LearningEvent,
    Lesson,
)
from storage.states import FactKind, PublicationStatus
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World

pytestmark = on_both_databases

Run = Callable[[], Awaitable[list[str]]]


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    """Three published text lessons; `learner` has read two of them, and certificates are given."""
    course = await world.course("C", instructors=[instructor], learners=[learner])
    first, second, _ = [
        await world.lesson(course, title, text="A word.") for title in ("One", "Two", "Three")
    ]
    await world.completed(first, learner)
    await world.completed(second, learner)
    async with world.database.write() as session:
        session.add(CertificateSettings(course_id=course.id, given=True, changed_at=world.now()))
    return course


@pytest.fixture
async def last(course: Course, database: Database) -> Lesson:
    async with database.read() as session:
        newest_first = select(Lesson).where(Lesson.course_id == course.id).order_by(Lesson.position.desc())
        return (await session.scalars(newest_first.limit(1))).one()


@pytest.fixture
def run(app: Litestar, database: Database, held_clock: HeldClock) -> Run:
    """Run the task; returns those who have completed a course, by the order of completion."""

    async def run() -> list[str]:
        await tasks.complete_courses(app.state["services"], held_clock.now(), held_clock.now())
        async with database.read() as session:
            done = select(LearningEvent.user_id).where(LearningEvent.kind == FactKind.COURSE_COMPLETED)
            return list(await session.scalars(done.order_by(LearningEvent.id)))

    return run


@pytest.mark.parametrize("way", ["draft", "deleted", "emptied"])
async def test_lesson_taken_away_completes_the_course(
    course: Course,
    last: Lesson,
    instructor: Account,
    learner: Account,
    run: Run,
    held_clock: HeldClock,
    database: Database,
    way: str,
) -> None:
    held_clock.advance(hours=2)
    assert await run() == []
    answer = await {
        "draft": lambda: instructor.api.patch(f"/api/lessons/{last.id}", json={"status": "draft"}),
        "deleted": lambda: instructor.api.delete(f"/api/lessons/{last.id}"),
        "emptied": lambda: instructor.api.put(f"/api/lessons/{last.id}/text", json={"markdown": ""}),
    }[way]()
    assert answer.is_success, answer.text
    held_clock.advance(hours=2)
    assert await run() == await run() == [learner.id]
    async with database.read() as session:
        fact = (await session.scalars(select(LearningEvent).filter_by(kind=FactKind.COURSE_COMPLETED))).one()
        assert fact.data == {"version": 1, "lessons": 2}
        assert (await session.scalars(select(Certificate.lessons))).all() == [2]
        assert (await session.scalars(select(ActivityDay))).all() == []  # the learner did nothing that day
    known = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
    assert known == {"done": 2, "required": 2, "percent": 100, "completed": True}


async def test_lesson_hidden_for_a_correction_completes_nothing(
    last: Lesson, instructor: Account, run: Run, held_clock: HeldClock
) -> None:
    held_clock.advance(hours=2)
    await instructor.api.patch(f"/api/lessons/{last.id}", json={"status": "draft"})
    held_clock.advance(minutes=50)
    assert await run() == []
    await instructor.api.patch(f"/api/lessons/{last.id}", json={"status": "published"})
    held_clock.advance(hours=2)
    assert await run() == []


async def test_later_lessons_take_no_completion_away(
    world: World,
    course: Course,
    last: Lesson,
    instructor: Account,
    learner: Account,
    run: Run,
    held_clock: HeldClock,
) -> None:
    await instructor.api.patch(f"/api/lessons/{last.id}", json={"status": "draft"})
    held_clock.advance(hours=2)
    assert await run() == [learner.id]
    await instructor.api.patch(f"/api/lessons/{last.id}", json={"status": "published"})
    await world.lesson(course, "Four", text="More.")
    held_clock.advance(hours=2)
    assert await run() == [learner.id]
    known = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
    assert known == {"done": 2, "required": 4, "percent": 50, "completed": True}


async def test_nothing_is_completed_in_drafts_without_lessons_or_after_leaving(
    world: World,
    course: Course,
    last: Lesson,
    instructor: Account,
    learner: Account,
    run: Run,
    held_clock: HeldClock,
) -> None:
    empty = await world.course("Empty", instructors=[instructor], learners=[learner])
    await world.lesson(empty, "Nothing yet", text="")
    await instructor.api.patch(f"/api/lessons/{last.id}", json={"status": "draft"})
    await instructor.api.patch(f"/api/courses/{course.id}", json={"status": "draft"})
    held_clock.advance(hours=2)
    assert await run() == []
    await instructor.api.patch(f"/api/courses/{course.id}", json={"status": "published"})
    gone = await instructor.api.delete(f"/api/courses/{course.id}/enrolments/{learner.id}")
    assert gone.is_success, gone.text
    held_clock.advance(hours=2)
    assert await run() == []


async def test_many_learners_are_completed_in_small_transactions(
    world: World,
    course: Course,
    last: Lesson,
    learner: Account,
    run: Run,
    held_clock: HeldClock,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that is broken off in the middle loses nothing and does nothing twice."""
    many = [await world.person(f"Person {number:03d}") for number in range(12)]
    await world.enrol(course, *many)
    async with database.read() as session:
        first, second, _ = await session.scalars(
            select(Lesson).where(Lesson.course_id == course.id).order_by(Lesson.position)
        )
    await world.completed(first, *many)
    await world.completed(second, *many[:9])
    async with database.write() as session:
        await session.execute(update(Lesson).filter_by(id=last.id).values(status=PublicationStatus.DRAFT))
    held_clock.advance(hours=2)
    monkeypatch.setattr(tasks, "BATCH", 4)
    monkeypatch.setattr(tasks, "PAGE", 13)  # of the 13 learners, exactly
    batches: list[int] = []
    complete = tasks._complete

    async def dies(services: object, course_id: str, learners: list[str], now: object) -> int:
        if len(batches) == 1:
            batches.append(0)
            raise OSError("the machine died")
        batches.append(len(learners))
        return await complete(services, course_id, learners, now)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "_complete", dies)
    with pytest.raises(OSError, match="died"):
        await run()
    done = await run()
    assert sorted(done) == sorted([learner.id, *(person.id for person in many[:9])])
    assert batches == [4, 0, 4, 2]
