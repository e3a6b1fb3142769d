"""Completion of lessons and courses, from what was watched and delivered to the facts."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, update

from server.playback import tokens
from server.watching.deliveries import Deliveries
from storage.database.engine import Database
from storage.database.tables import Certificate, Course, LearningEvent, Lesson
from storage.states import PublicationStatus
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.watching.test_heartbeats import TRACK, beat, token_of
from tests.world.builder import World

pytestmark = on_both_databases

SECONDS = 300
Watch = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    """Two published lessons of five minutes and a draft; `learner` is enrolled."""
    course = await world.course("C", instructors=[instructor], learners=[learner])
    for title in ("One", "Two"):
        await world.video(await world.lesson(course, title), seconds=SECONDS)
    await world.video(await world.lesson(course, "Draft", status="draft"), seconds=SECONDS)
    return course


@pytest.fixture
async def lessons(course: Course, database: Database) -> list[Lesson]:
    async with database.read() as session:
        wanted = select(Lesson).where(Lesson.course_id == course.id).order_by(Lesson.position)
        return list(await session.scalars(wanted))


@pytest.fixture
def watch(app: Litestar, client: httpx.AsyncClient, learner: Account, held_clock: HeldClock) -> Watch:
    """Watch a lesson from one second to another at normal speed, its segments delivered or not."""

    async def watch(lesson: Lesson, start: int, end: int, *, delivered: bool = True) -> httpx.Response:
        deliveries: Deliveries = app.state["deliveries"]
        for number in range(start // 6, -(-end // 6)) if delivered else ():
            deliveries.note(str(lesson.video_id), tokens.scope(learner.id), number)
        await deliveries.write()
        token = await token_of(learner, lesson)
        held_clock.advance(seconds=end - start)
        session = f"{lesson.id}{start:05d}"[-40:]
        spans = [(at, min(at + 5, end)) for at in range(start, end, 5)]
        events = [{"from": at, "to": to, "at": (to - start) * 1000} for at, to in spans]
        sent = beat(token, 0, session=session) | {"events": events, "sent_at": (end - start) * 1000}
        return await client.post(TRACK, json=sent)

    return watch


async def facts(database: Database) -> list[tuple[str, str]]:
    async with database.read() as session:
        rows = await session.scalars(select(LearningEvent).order_by(LearningEvent.id))
        return [(str(row.kind), row.subject) for row in rows if str(row.kind).endswith("completed")]


async def test_lessons_complete_the_course(
    course: Course, lessons: list[Lesson], watch: Watch, learner: Account, database: Database
) -> None:
    first, second, _ = lessons
    for lesson in (first, second):
        for start in range(0, 300, 60):
            told = await watch(lesson, start, start + 60)
        assert told.status_code == 200
    expected = [
        ("lesson_completed", first.id),
        ("lesson_completed", second.id),
        ("course_completed", course.id),
    ]
    assert await facts(database) == expected
    known = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
    assert known == {"done": 2, "required": 2, "percent": 100, "completed": True}
    again = await learner.api.post(f"/api/lessons/{first.id}/complete")
    assert (again.status_code, again.json()["course_completed"]) == (200, True)
    assert await facts(database) == expected


async def test_ninety_percent_complete_and_the_heartbeat_says_so(
    lessons: list[Lesson], watch: Watch, database: Database
) -> None:
    for start, end in ((0, 70), (70, 140), (140, 210), (210, 269)):
        assert (await watch(lessons[0], start, end)).json()["completed"] is False
    assert (await watch(lessons[0], 269, 270)).json()["completed"] is True
    assert await facts(database) == [("lesson_completed", lessons[0].id)]


async def test_what_is_missing_is_said(lessons: list[Lesson], watch: Watch, learner: Account) -> None:
    for start, end in ((0, 60), (90, 150), (180, 240)):
        await watch(lessons[0], start, end)
    refused = await learner.api.post(f"/api/lessons/{lessons[0].id}/complete")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "1 min 30 s still to watch, at 1:00, 2:30 and 4:00."


async def test_spans_that_were_never_delivered_complete_nothing(
    lessons: list[Lesson], watch: Watch, learner: Account, database: Database
) -> None:
    for start in range(0, 300, 60):
        told = await watch(lessons[0], start, start + 60, delivered=start < 120)
    assert told.json()["percent"] == 100
    assert await facts(database) == []
    refused = await learner.api.post(f"/api/lessons/{lessons[0].id}/complete")
    assert (refused.status_code, "at 2:00" in refused.json()["detail"]) == (409, True)


async def test_staff_completes_nothing(lessons: list[Lesson], instructor: Account) -> None:
    refused = await instructor.api.post(f"/api/lessons/{lessons[0].id}/complete")
    assert refused.status_code == 409
    assert "only learners" in refused.json()["detail"]


async def test_completion_outlives_new_lessons(
    world: World, course: Course, lessons: list[Lesson], watch: Watch, learner: Account, database: Database
) -> None:
    async with database.write() as session:
        hidden = update(Lesson).where(Lesson.id == lessons[1].id).values(status=PublicationStatus.DRAFT)
        await session.execute(hidden)
    for start in range(0, 300, 60):
        await watch(lessons[0], start, start + 60)
    await world.video(await world.lesson(course, "Three"), seconds=SECONDS)
    known = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
    assert known == {"done": 1, "required": 2, "percent": 50, "completed": True}


async def test_one_completion_of_64_clients(
    app: Litestar, lessons: list[Lesson], watch: Watch, learner: Account, database: Database
) -> None:
    """Everything was watched before its delivery was written: the heartbeats completed nothing."""
    for start in range(0, 300, 60):
        await watch(lessons[0], start, start + 60, delivered=False)
    deliveries: Deliveries = app.state["deliveries"]
    for number in range(50):
        deliveries.note(str(lessons[0].video_id), tokens.scope(learner.id), number)
    await deliveries.write()
    answers = await asyncio.gather(
        *(learner.api.post(f"/api/lessons/{lessons[0].id}/complete") for _ in range(64))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await facts(database) == [("lesson_completed", lessons[0].id)]


async def test_one_course_completion_and_certificate_of_64_clients(
    world: World, instructor: Account, learner: Account, database: Database
) -> None:
    """All of them post the lesson that is left."""
    course = await world.course("T", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "Text", text="A word.")
    given = await instructor.api.put(f"/api/courses/{course.id}/certificate", json={"given": True})
    assert given.status_code == 200, given.text
    answers = await asyncio.gather(
        *(learner.api.post(f"/api/lessons/{lesson.id}/complete") for _ in range(64))
    )
    assert {(answer.status_code, answer.json()["course_completed"]) for answer in answers} == {(200, True)}
    assert await facts(database) == [("lesson_completed", lesson.id), ("course_completed", course.id)]
    async with database.read() as session:
        assert len((await session.scalars(select(Certificate.id))).all()) == 1
        issued = select(LearningEvent.id).where(LearningEvent.kind == "certificate_issued")
        assert len((await session.scalars(issued)).all()) == 1
