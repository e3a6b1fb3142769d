"""Proof of delivery: only segments that were sent whole to somebody's token are theirs."""

import httpx
import pytest
from litestar import Litestar

from server.watching.coverage import verified
from server.watching.deliveries import Deliveries, delivered_bits
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.objects import keys
from storage.objects.folder import FolderStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account
from tests.world.builder import World

pytestmark = on_both_databases


@pytest.fixture
async def lesson(world: World, folder_store: FolderStore, instructor: Account, learner: Account) -> Lesson:
    """A minute of video in ten segments."""
    course = await world.course("C", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course, "L")
    video = await world.video(lesson, seconds=60)
    for rendition in ("720p", "1080p", "audio"):
        for number in range(10):
            key = keys.segment(video.id, rendition, number, 1)
            await folder_store.put_bytes(key, b"segment", "video/mp4")
    return await world.reload(lesson)


async def root(account: Account, lesson: Lesson) -> str:
    known = (await account.api.get(f"/api/video/playback/{lesson.id}")).json()
    return str(known["hls_url"]).removesuffix("master.m3u8")


async def bits_of(app: Litestar, database: Database, lesson: Lesson, account: Account) -> int:
    deliveries: Deliveries = app.state["deliveries"]
    await deliveries.write()
    async with database.read() as session:
        return int.from_bytes(await delivered_bits(session, str(lesson.video_id), account.id), "little")


async def test_whole_segments_of_any_rung_are_noted(
    app: Litestar, client: httpx.AsyncClient, lesson: Lesson, learner: Account, database: Database
) -> None:
    media = await root(learner, lesson)
    for path in ("720p/00000.1.m4s", "1080p/00001.1.m4s", "720p/00001.1.m4s"):
        assert (await client.get(media + path)).status_code == 200
    assert await bits_of(app, database, lesson, learner) == 0b11
    await client.get(media + "720p/00009.1.m4s")
    assert await bits_of(app, database, lesson, learner) == 0b1000000011
    async with database.read() as session:
        proven = await verified(session, lesson, learner.id, ((30, 330), (500, 600)))
    assert proven == ((30, 120), (540, 600))


async def test_parts_heads_audio_and_failures_prove_nothing(
    app: Litestar, client: httpx.AsyncClient, lesson: Lesson, learner: Account, database: Database
) -> None:
    media = await root(learner, lesson)
    await client.head(media + "720p/00000.1.m4s")
    await client.get(media + "720p/00001.1.m4s", headers={"range": "bytes=0-1"})
    await client.get(media + "audio/00002.1.m4s")
    await client.get(media + "720p/00077.1.m4s")
    await client.get(media.replace("/m/", "/m/x") + "720p/00003.1.m4s")
    assert await bits_of(app, database, lesson, learner) == 0


async def test_deliveries_belong_to_the_tokens_person(
    app: Litestar,
    client: httpx.AsyncClient,
    lesson: Lesson,
    learner: Account,
    instructor: Account,
    database: Database,
) -> None:
    await client.get(await root(instructor, lesson) + "720p/00004.1.m4s")
    assert await bits_of(app, database, lesson, learner) == 0
    assert await bits_of(app, database, lesson, instructor) == 0b10000


async def test_audio_counts_where_there_is_no_video(
    app: Litestar,
    client: httpx.AsyncClient,
    world: World,
    folder_store: FolderStore,
    learner: Account,
    database: Database,
) -> None:
    lesson = await world.lesson(await world.course("C", learners=[learner]), "Talk")
    video = await world.video(lesson, seconds=60, video=False)
    await folder_store.put_bytes(keys.segment(video.id, "audio", 3, 1), b"segment", "audio/mp4")
    lesson = await world.reload(lesson)
    assert (await client.get(await root(learner, lesson) + "audio/00003.1.m4s")).status_code == 200
    assert await bits_of(app, database, lesson, learner) == 0b1000
