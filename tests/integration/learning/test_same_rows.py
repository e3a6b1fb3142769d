"""The same rows, whatever the order and the repetition of heartbeats; progress stays between 0 and 100."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import delete, select, update

from server.playback.tokens import scope
from server.watching.deliveries import Deliveries
from server.watching.heartbeats.recording import Noted
from storage.database.base import Base
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    Course,
    LearningEvent,
    Lesson,
    VideoAnalytics,
    WatchAllowance,
    WatchCoverage,
)
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.watching.test_heartbeats import TRACK, beat, rows, token_of
from tests.world.builder import World

pytestmark = on_both_databases

KINDS = [
    *("course_completed", "course_halfway", "course_started"),
    *("enrolled", "lesson_completed", "lesson_started"),
]
WRITTEN: tuple[type[Base], ...] = (VideoAnalytics, WatchCoverage, WatchAllowance, ActivityDay)


async def test_any_order_and_repetition_gives_the_same_rows(
    app: Litestar,
    world: World,
    client: httpx.AsyncClient,
    instructor: Account,
    learner: Account,
    held_clock: HeldClock,
    database: Database,
) -> None:
    """Two players of one learner, sent late; a third of the heartbeats twice, completions in between. All of
    it is what the allowance pays for whatever the order."""
    course = await world.course("C", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "L")
    video = await world.video(lesson, seconds=1000)
    async with database.write() as session:
        await session.execute(update(Course).values(completion_threshold=10))
    await _deliver(app.state["deliveries"], video.id, learner.id)
    token = await token_of(learner, lesson)
    held_clock.advance(seconds=120)
    beats = [
        beat(token, n, (n * 10, n * 10 + 10), session=name * 16, event={"at": n * 10_000}, sent_at=110_000)
        for name, numbers in (("a", range(6)), ("b", range(4, 10)))
        for n in numbers
    ]
    found = []
    for seed in range(5):
        rng = random.Random(seed)
        sent = [*beats, *rng.sample(beats, 4)]
        if seed:
            rng.shuffle(sent)
        for one in sent:
            assert (await client.post(TRACK, json=one)).status_code == 200
            if rng.random() < 0.2:
                await learner.api.post(f"/api/lessons/{lesson.id}/complete")
        found.append(await _written(database))
        await _forget(database)
        app.state["intake"]._noted = Noted()  # of days that are forgotten
    assert found == found[:1] * 5
    assert found[0]["covered"] == [([[0, 1000]], 1000, 1)]
    assert [kind for kind, _ in found[0]["facts"]] == KINDS


async def _deliver(deliveries: Deliveries, video_id: str, person_id: str) -> None:
    """The segments of the first 100 seconds."""
    for number in range(17):
        deliveries.note(video_id, scope(person_id), number)
    await deliveries.write()


async def _forget(database: Database) -> None:
    async with database.write() as session:
        for table in WRITTEN:
            await session.execute(delete(table))
        await session.execute(delete(LearningEvent).where(LearningEvent.kind != FactKind.ENROLLED))


async def _written(database: Database) -> dict[str, Any]:
    """What was credited; not where playing stopped, which is the last heartbeat's to say."""
    covered = [(row.spans, row.covered, row.views) for row in await rows(database, WatchCoverage)]
    sessions = [
        (row.id, row.spans, row.heartbeats, row.watch_seconds) for row in await rows(database, VideoAnalytics)
    ]
    facts = [
        (str(row.kind), row.subject)
        for row in await rows(database, LearningEvent)
        if row.kind != FactKind.ACHIEVEMENT_UNLOCKED
    ]
    days = [(row.user_id, row.day) for row in await rows(database, ActivityDay)]
    return {"covered": covered, "sessions": sorted(sessions), "facts": sorted(facts), "days": sorted(days)}


@pytest.mark.parametrize("seed", range(3))
async def test_progress_stays_between_0_and_100(
    world: World, instructor: Account, learner: Account, database: Database, seed: int
) -> None:
    """Lessons are added, hidden, shown, emptied and deleted in any order while the learner completes some."""
    rng = random.Random(seed)
    course = await world.course("C", instructors=[instructor], learners=[learner])
    completed = False

    async def patch(lesson: Lesson, status: str) -> Any:
        return await instructor.api.patch(f"/api/lessons/{lesson.id}", json={"status": status})

    async def empty(lesson: Lesson) -> Any:
        return await instructor.api.put(f"/api/lessons/{lesson.id}/text", json={"markdown": ""})

    changes: list[Callable[[Lesson], Awaitable[Any]]] = [
        lambda lesson: patch(lesson, "draft"),
        lambda lesson: patch(lesson, "published"),
        lambda lesson: learner.api.post(f"/api/lessons/{lesson.id}/complete"),
        lambda lesson: learner.api.post(f"/api/lessons/{lesson.id}/complete"),
        empty,
        lambda lesson: instructor.api.delete(f"/api/lessons/{lesson.id}"),
    ]
    for _ in range(25):
        lessons = await _lessons(database, course)
        if not lessons or rng.random() < 0.3:
            await world.lesson(course, "L", text="A word.")
        else:
            answer = await rng.choice(changes)(rng.choice(lessons))
            assert answer.status_code in (200, 204, 404, 409), answer.text
        known = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
        assert 0 <= known["percent"] <= 100
        assert 0 <= known["done"] <= known["required"] <= len(await _lessons(database, course))
        assert (known["percent"] == 100) == (known["done"] == known["required"] > 0)
        assert known["completed"] >= completed  # once completed, it stays so
        completed = known["completed"]


async def _lessons(database: Database, course: Course) -> list[Lesson]:
    async with database.read() as session:
        wanted = select(Lesson).where(Lesson.course_id == course.id).order_by(Lesson.position)
        return list(await session.scalars(wanted))
