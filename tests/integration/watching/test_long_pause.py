"""A pause of hours in a lecture of two hours: it goes on, with new addresses once they have expired."""

import httpx
import pytest
from litestar import Litestar

from server.watching.deliveries import Deliveries, delivered_bits
from storage.objects import keys
from storage.objects.folder import FolderStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.watching.test_deliveries import root
from tests.integration.watching.test_heartbeats import TRACK, beat, token_of
from tests.world.builder import World

pytestmark = on_both_databases


@pytest.mark.parametrize(("hours", "expired"), [(5, False), (9, True)])
async def test_lecture_goes_on_after_a_pause(
    app: Litestar,
    world: World,
    client: httpx.AsyncClient,
    folder_store: FolderStore,
    instructor: Account,
    learner: Account,
    held_clock: HeldClock,
    hours: int,
    expired: bool,
) -> None:
    course = await world.course("C", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "L")
    video = await world.video(lesson, seconds=7200)
    for number in range(2):
        await folder_store.put_bytes(keys.segment(video.id, "720p", number, 1), b"segment", "video/mp4")
    opened, token = await root(learner, lesson), await token_of(learner, lesson)
    assert (await client.get(f"{opened}720p/00000.1.m4s")).status_code == 200
    held_clock.advance(seconds=10)
    assert (await client.post(TRACK, json=beat(token, 0, (0, 10)))).json()["covered_seconds"] == 10
    held_clock.advance(hours=hours)
    answer = await client.get(f"{opened}720p/00001.1.m4s")
    assert answer.status_code == (403 if expired else 200)
    if expired:  # the player fetches the playback document again, once
        renewed = await root(learner, lesson)
        assert (await client.get(f"{renewed}720p/00001.1.m4s")).status_code == 200
    held_clock.advance(seconds=10)
    told = (await client.post(TRACK, json=beat(token, 1, (10, 20)))).json()
    assert (told["covered_seconds"], told["dropped_seconds"]) == (20, 0)
    deliveries: Deliveries = app.state["deliveries"]
    await deliveries.write()
    async with world.database.read() as session:
        assert await delivered_bits(session, video.id, learner.id) == b"\x03"
