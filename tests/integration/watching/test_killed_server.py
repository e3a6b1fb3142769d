"""A server that is killed in mid-stream loses no heartbeat that it has answered."""

import asyncio

import httpx

from server.core.signing_keys import live_keys
from server.playback.signing import PURPOSE
from server.watching import tokens
from storage.database.tables import Course, VideoAnalytics
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until
from tests.integration.watching.test_heartbeats import TRACK, beat

VIEWERS = 20


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

    async def watch(person_id: str) -> None:
        token = tokens.sign(key, tokens.issue(person_id, lesson_id, staff=False, now=now))
        async with httpx.AsyncClient(base_url=campus.server.url) as client:
            for number in range(1000):
                sent = beat(token, number, (number, number + 1), session=person_id)
                if (await client.post(TRACK, json=sent)).status_code == 200:
                    answered[person_id].add(number)

    watching = [asyncio.create_task(watch(person.id)) for person in people]
    await wait_until(lambda: min(map(len, answered.values())) >= 3)
    await campus.server.kill()
    await asyncio.gather(*watching, return_exceptions=True)  # each ends with its broken connection
    async with database.read() as session:
        for person_id, numbers in answered.items():
            row = await session.get_one(VideoAnalytics, person_id)
            kept = {n for start, end in row.heartbeats or () for n in range(start, end)}
            assert numbers <= kept
            assert len(kept - numbers) <= 1  # recorded, and the answer was lost
