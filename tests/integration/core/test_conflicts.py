"""A transaction that the database undoes because of others: the request can be tried again."""

import asyncio

import pytest
from sqlalchemy import select

from server.library import courses
from storage.database.engine import Database
from storage.database.tables import Course, Job
from storage.states import JobKind, RevisionState
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World
from tests.world.clock import START
from transcoder.jobs import claiming
from transcoder.jobs.queue import TRANSCODE
from transcoder.jobs.timing import Timing


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_deadlock_is_answered_with_try_again(
    database: Database, world: World, administrator: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await world.course("First"), await world.course("Second")
    both_hold_one = asyncio.Barrier(2)

    async def lock(one: Course, other: Course) -> None:
        async with database.write() as session:
            for course in (one, other):
                await session.execute(select(Course.id).where(Course.id == course.id).with_for_update())
                if course is one:
                    await both_hold_one.wait()

    async def deadlock(*_: object) -> None:
        done = await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True)
        raise next(error for error in done if isinstance(error, Exception))

    monkeypatch.setattr(courses, "delete", deadlock)
    answer = await administrator.api.delete(f"/api/courses/{first.id}")
    assert (answer.status_code, answer.json()["title"]) == (503, "Not available right now")
    assert int(answer.headers["retry-after"]) > 0


@on_both_databases
async def test_deleting_cancelling_and_claiming_at_once(
    database: Database, world: World, administrator: Account, held_clock: HeldClock
) -> None:
    """Five of 25 such requests answered 500 on PostgreSQL: they locked lesson, revision and jobs in
    different orders."""
    course = await world.course()
    rounds = []
    for number in range(12):
        lesson = await world.lesson(course, title=f"Part {number}")
        video = await world.video(lesson, state=RevisionState.WAITING)
        async with database.write() as session:
            session.add_all(
                Job(video_id=video.id, kind=JobKind.CHUNK, number=one, queue=TRANSCODE, queued_at=START)
                for one in range(8)
            )
        rounds.append(lesson.id)

    async def claim() -> int:
        await claiming.claim_next(database, TRANSCODE, "worker", held_clock.now(), Timing())
        return 200

    async def delete(lesson_id: str) -> int:
        return (await administrator.api.delete(f"/api/lessons/{lesson_id}")).status_code

    async def cancel(lesson_id: str) -> int:
        answer = await administrator.api.post("/api/video/transcode/cancel", json={"lesson_id": lesson_id})
        return answer.status_code

    asked = [(claim(), cancel(one), delete(one)) for one in rounds]
    answers = await asyncio.gather(*(each for three in asked for each in three))
    assert set(answers[2::3]) == {204}
    assert set(answers[1::3]) <= {200, 404, 409}
