"""A server that is killed in mid-stream loses no heartbeat that it has answered."""

import asyncio
from collections import Counter

import httpx

from server.core.signing_keys import live_keys
from server.playback.signing import PURPOSE
from server.watching import tokens
from storage.database.engine import Database
from storage.database.tables import Course, VideoAnalytics
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until
from tests.integration.watching.test_heartbeats import TRACK, beat

VIEWERS = 20
WAIT_SECONDS = 60.0  # on a machine that runs other tests, too


async def test_answered_heartbeats_survive_a_kill(campus: Campus) -> None:
    lesson_id, database = campus.school.lesson_id, campus.school.database
    await campus.world.video(lesson_id, seconds=3600)
    now = campus.world.now()
    (key, *_) = await live_keys(database, PURPOSE, now)
    people = [await campus.world.person(f"Viewer {number}") for number in range(VIEWERS)]
    async with database.read() as session:
        course = await session.get_one(Course, campus.school.course_id)
    await campus.world.enrol(course, *people)
    answered: dict[str, set[int]] = {person.id: set() for person in people}
    sent: dict[str, int] = {}
    others: Counter[str] = Counter()  # answers and errors that are no 200

    async def watch(person_id: str) -> None:
        token = tokens.sign(key, tokens.issue(person_id, lesson_id, staff=False, now=now))
        async with httpx.AsyncClient(base_url=campus.server.url, timeout=WAIT_SECONDS) as client:
            for number in range(100_000):
                heartbeat = beat(token, number, (number, number + 1), session=person_id)
                sent[person_id] = number
                answer = await client.post(TRACK, json=heartbeat)
                if answer.status_code == 200:
                    answered[person_id].add(number)
                else:
                    others[f"{answer.status_code}: {answer.text[:200]}"] += 1

    def details() -> str:
        ends = [repr(task.exception()) for task in watching if task.done() and not task.cancelled()]
        return f"answered {sorted(map(len, answered.values()))}, refused {others}, ended {ends}"

    watching = [asyncio.create_task(watch(person.id)) for person in people]
    try:
        await wait_until(lambda: min(map(len, answered.values())) >= 3, WAIT_SECONDS, details)
        await campus.server.kill()
        ends = await asyncio.wait_for(asyncio.gather(*watching, return_exceptions=True), WAIT_SECONDS)
    finally:
        for task in watching:
            task.cancel()
    assert all(isinstance(end, httpx.TransportError) for end in ends), details()  # its connection broke
    assert not others, details()
    await _kept(database, answered, sent)


async def _kept(database: Database, answered: dict[str, set[int]], sent: dict[str, int]) -> None:
    async with database.read() as session:
        for person_id, numbers in answered.items():
            row = await session.get(VideoAnalytics, person_id)
            spans = (row.heartbeats or ()) if row else ()
            kept = {n for start, end in spans for n in range(start, end)}
            assert numbers <= kept, f"answered and lost: {sorted(numbers - kept)}"
            assert kept - numbers <= {sent[person_id]}  # recorded, and the answer was lost
