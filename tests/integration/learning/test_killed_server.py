"""A server that is killed while lessons are completed: facts, coverage and active days agree afterwards."""

import asyncio

import httpx
import pytest
from sqlalchemy import select, update

from server.core.signing_keys import live_keys
from server.learning import rules
from server.playback.signing import PURPOSE
from server.playback.tokens import scope
from server.watching import tokens
from storage.database.engine import Database
from storage.database.tables import (
    ActivityDay,
    Course,
    LearningEvent,
    Lesson,
    SegmentDelivery,
    User,
    VideoAnalytics,
    WatchCoverage,
)
from storage.states import FactKind, PublicationStatus
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until
from tests.integration.watching.test_heartbeats import TRACK, beat

VIEWERS = 20
WAIT_SECONDS = 60.0  # on a machine that runs other tests, too
SECONDS = 20  # of the lesson: the first allowance nearly pays for it
NEEDED = rules.needed(SECONDS * 10, 90)


@pytest.mark.long
async def test_completions_agree_with_coverage_after_a_kill(campus: Campus) -> None:
    lesson_id, database = campus.school.lesson_id, campus.school.database
    people = await _classroom(campus)
    now = campus.world.now()
    (key, *_) = await live_keys(database, PURPOSE, now)
    token_of = {
        one.id: tokens.sign(key, tokens.issue(one.id, lesson_id, staff=False, now=now)) for one in people
    }

    async def watch(person_id: str, first: int, last: int) -> None:
        async with httpx.AsyncClient(base_url=campus.server.url, timeout=WAIT_SECONDS) as client:
            for number in range(first, last):
                at = number % SECONDS
                sent = beat(token_of[person_id], number, (at, at + 1), session=person_id)
                assert (await client.post(TRACK, json=sent)).status_code == 200

    async def some_completed() -> bool:
        return len(await _facts(database, FactKind.LESSON_COMPLETED)) >= 3

    watching = []
    for number, person in enumerate(people):  # one after the other, so that the kill meets all stages
        watching.append(asyncio.create_task(watch(person.id, 0, 3000)))
        if number % 4 == 3:
            await asyncio.sleep(0.5)
    await wait_until(some_completed, WAIT_SECONDS)
    await campus.server.kill()
    ends = await asyncio.gather(*watching, return_exceptions=True)
    assert all(isinstance(end, httpx.TransportError) for end in ends), ends
    await _agree(database)
    await campus.server.start()
    await asyncio.gather(*(watch(person.id, 3000, 3000 + 2 * SECONDS) for person in people))
    await _agree(database)
    expected = sorted(person.id for person in people)
    assert sorted(await _facts(database, FactKind.LESSON_COMPLETED)) == expected
    assert sorted(await _facts(database, FactKind.COURSE_COMPLETED)) == expected


async def _classroom(campus: Campus) -> list[User]:
    """Learners of a course with one lesson, whose segments were all delivered to them."""
    lesson_id = campus.school.lesson_id
    video = await campus.world.video(lesson_id, seconds=SECONDS)
    people = [await campus.world.person(f"Viewer {number}") for number in range(VIEWERS)]
    async with campus.school.database.write() as session:
        every_segment = [
            SegmentDelivery(video_id=video.id, scope=scope(one.id).hex(), bits=b"\xff") for one in people
        ]
        session.add_all(every_segment)
        course = await session.get_one(Course, campus.school.course_id)
        others = update(Lesson).where(Lesson.course_id == course.id, Lesson.id != lesson_id)
        await session.execute(others.values(status=PublicationStatus.DRAFT))
        await session.execute(
            update(Lesson).where(Lesson.id == lesson_id).values(status=PublicationStatus.PUBLISHED)
        )
    await campus.world.enrol(course, *people)
    return people


async def _facts(database: Database, kind: FactKind) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(LearningEvent.user_id).where(LearningEvent.kind == kind)))


async def _agree(database: Database) -> None:
    """Whoever has covered enough has completed the lesson and the course, once, and nobody else."""
    async with database.read() as session:
        covered = {row.user_id: row.covered for row in await session.scalars(select(WatchCoverage))}
        watched = {row.user_id: row.watch_seconds for row in await session.scalars(select(VideoAnalytics))}
        active = list(await session.scalars(select(ActivityDay.user_id)))
    done = sorted(user_id for user_id, tenths in covered.items() if tenths >= NEEDED)
    assert sorted(await _facts(database, FactKind.LESSON_COMPLETED)) == done
    assert sorted(await _facts(database, FactKind.COURSE_COMPLETED)) == done
    ten_seconds = {user_id for user_id, seconds in watched.items() if seconds >= 10}
    assert set(active) == ten_seconds == set(await _facts(database, FactKind.LESSON_STARTED))
