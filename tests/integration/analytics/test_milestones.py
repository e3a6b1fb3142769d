"""Facts of courses begun and half done and of attempts: with the learning itself, and afterwards."""

import pytest
from sqlalchemy import delete, func, select

from server.learning.milestones import catch_up
from storage.database.engine import Database
from storage.database.tables import Course, LearningEvent, Lesson, User
from storage.states import FactKind, LessonKind
from tests.world.builder import World

MILESTONES = (FactKind.COURSE_STARTED, FactKind.COURSE_HALFWAY, FactKind.QUIZ_SUBMITTED)


@pytest.fixture
async def learner(world: World) -> User:
    return await world.person("Ada Lovelace")


@pytest.fixture
async def course(world: World, learner: User) -> Course:
    return await world.course("Optics", learners=[learner])


@pytest.fixture
async def lessons(world: World, course: Course) -> list[Lesson]:
    return [await world.lesson(course, f"Text {number}", text="Light.") for number in range(4)]


async def facts(database: Database) -> list[str]:
    fact = LearningEvent
    async with database.read() as session:
        rows = await session.execute(
            select(fact.kind, fact.local_day)
            .where(fact.kind.in_(MILESTONES))
            .order_by(fact.kind, fact.subject)
        )
        return [f"{row.kind} {row.local_day}" for row in rows]


async def test_milestones_are_facts_once(
    world: World, database: Database, learner: User, lessons: list[Lesson]
) -> None:
    await world.completed(lessons[0], learner)
    assert await facts(database) == ["course_started 2026-11-22"]
    await world.completed(lessons[1], learner)
    assert await facts(database) == ["course_halfway 2026-11-22", "course_started 2026-11-22"]
    for lesson in lessons[2:]:
        await world.completed(lesson, learner)
    assert len(await facts(database)) == 2


async def test_earlier_facts_get_their_milestones(
    world: World, database: Database, learner: User, lessons: list[Lesson]
) -> None:
    for lesson in lessons[:2]:
        await world.completed(lesson, learner)
    kept = await facts(database)
    async with database.write() as session:
        await session.execute(delete(LearningEvent).where(LearningEvent.kind.in_(MILESTONES)))
    assert await catch_up(database) == 2
    assert await facts(database) == kept
    assert await catch_up(database) == 0


async def test_course_that_is_not_half_done_is_only_begun(
    world: World, database: Database, learner: User, lessons: list[Lesson]
) -> None:
    await world.completed(lessons[0], learner)
    async with database.write() as session:
        await session.execute(delete(LearningEvent).where(LearningEvent.kind.in_(MILESTONES)))
    await catch_up(database)
    assert await facts(database) == ["course_started 2026-11-22"]


async def test_earlier_attempts_are_facts_once(
    world: World, database: Database, learner: User, course: Course
) -> None:
    from tests.world import quizzes

    lesson = await world.lesson(course, "Quiz", kind=LessonKind.QUIZ)
    quiz = await world.quiz(lesson)
    async with database.write() as session:
        attempt = await quizzes.add_attempt(session, quiz, learner.id, world.now())
        attempt.state, attempt.submitted_at = "submitted", world.now()  # type: ignore[assignment]
    assert await catch_up(database) == 1
    assert await catch_up(database) == 0
    async with database.read() as session:
        wanted = select(func.count()).where(LearningEvent.kind == FactKind.QUIZ_SUBMITTED)
        assert await session.scalar(wanted) == 1
