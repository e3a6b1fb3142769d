"""First heartbeats of a person that two servers record at once: both count, and each row is added once."""

import asyncio
from datetime import timedelta

from server.watching import tokens
from server.watching.heartbeats.recording import record
from server.watching.schemas import Heartbeat, Played, Received, Recorded
from storage.database.engine import Database
from storage.database.tables import VideoAnalytics, WatchAllowance, WatchCoverage
from tests.fixtures.database import on_both_databases
from tests.integration.watching.test_heartbeats import rows
from tests.world.builder import World

pytestmark = on_both_databases

SERVERS = 4
ROUNDS = 5


async def test_first_heartbeats_at_several_servers(world: World, database: Database) -> None:
    learners = [await world.person(f"Learner {number}") for number in range(ROUNDS)]
    lesson = await world.lesson(await world.course("C", learners=learners))
    await world.video(lesson, seconds=600)
    now = world.now()
    for learner in learners:
        token = tokens.issue(learner.id, lesson.id, staff=False, now=now - timedelta(minutes=5))
        beats = [
            Heartbeat(token="", session=f"player-of-{learner.id}", seq=number, events=[Played(at, at + 5)])
            for number, at in enumerate(range(0, 5 * SERVERS, 5))
        ]
        answers = await asyncio.gather(*(record(database, [Received(one, token, now)], now) for one in beats))
        assert all(isinstance(one, Recorded) for answer in answers for one in answer)
    seconds = 5 * SERVERS
    assert [row.covered for row in await rows(database, WatchCoverage)] == [10 * seconds] * ROUNDS
    assert [row.heartbeats for row in await rows(database, VideoAnalytics)] == [[[0, SERVERS]]] * ROUNDS
    assert len(await rows(database, WatchAllowance)) == ROUNDS
