"""Order of claims between people and lectures, and what the quick worker adds for short ones."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.database.engine import Database
from storage.database.tables import Job, Video
from storage.states import RevisionState
from tests.fixtures.database import on_both_databases
from tests.fixtures.waiting import wait_until
from tests.fixtures.workers import WorkerCluster
from tests.integration.transcoder.jobs.lifecycle import TIMING, complete
from tests.world.builder import World
from tests.world.clock import START
from transcoder.jobs import claiming
from transcoder.jobs.leases import Claim
from transcoder.jobs.sharing.rules import LEAST_USE
from transcoder.jobs.status import lesson_status


async def encoding(database: Database, person: str | None, *, seconds: float) -> Video:
    """Revision without audio that waits for its second chunk; its first is encoded."""
    world = World(database)
    return await world.video(
        await world.lesson(),
        state=RevisionState.ENCODING,
        seconds=seconds,
        chunks=1,
        audio=False,
        submitted_by=person,
    )


async def next_claim(
    database: Database, queue: str = "transcode", *, after: float = 0, short: bool = False
) -> Claim | None:
    now = START + timedelta(seconds=after)
    return await claiming.claim_next(database, queue, "a/1", now, TIMING, short=short)


@on_both_databases
async def test_two_people_get_equal_parts(database: Database) -> None:
    """One has a lecture of an hour, one three of ten minutes."""
    long = await encoding(database, "a", seconds=3600)
    others = {(await encoding(database, "b", seconds=600)).id for _ in range(3)}
    got = [await next_claim(database, after=n) for n in range(6)]
    videos = [claim.video_id for claim in got if claim]
    assert videos.count(long.id) == 3
    assert len(set(videos) & others) == 1  # of one person, one lecture after the other


@on_both_databases
async def test_lecture_of_somebody_new_comes_first(database: Database) -> None:
    await encoding(database, "a", seconds=3600)
    for n in range(2):
        assert await next_claim(database, after=n)
    new = await encoding(database, "b", seconds=600)
    claim = await next_claim(database, after=LEAST_USE)
    assert claim
    assert claim.video_id == new.id


@on_both_databases
async def test_short_lecture_of_the_same_person_comes_first(database: Database) -> None:
    await encoding(database, "a", seconds=3600)
    assert await next_claim(database)
    clip = await encoding(database, "a", seconds=20)
    claim = await next_claim(database, after=1)
    assert claim
    assert claim.video_id == clip.id


@on_both_databases
async def test_quick_worker_encodes_short_lectures_only(database: Database) -> None:
    await encoding(database, "a", seconds=3600)
    assert await next_claim(database, "quick", short=True) is None
    clip = await encoding(database, "a", seconds=20)
    assert await next_claim(database, "quick") is None
    parts = 0
    while claim := await next_claim(database, "quick", short=True):
        assert claim.video_id == clip.id
        parts += 1
        await complete(database, claim)
        if claim.kind == "finish":
            break
    assert parts == 3  # two chunks and the last step


@on_both_databases
async def test_first_part_of_a_new_lecture_precedes_a_short_one(database: Database) -> None:
    await encoding(database, "a", seconds=20)
    world = World(database)
    new = await world.video(await world.lesson(), state=RevisionState.ENCODING, seconds=3600)
    claim = await next_claim(database, "quick", short=True)
    assert claim
    assert claim.video_id == new.id


@on_both_databases
async def test_short_lecture_of_somebody_new_precedes_first_parts_of_many(database: Database) -> None:
    """One person has submitted many lectures, and the quick worker encodes their first parts."""
    world = World(database)
    for _ in range(5):
        await world.video(await world.lesson(), state=RevisionState.ENCODING, seconds=2400, submitted_by="a")
    assert await next_claim(database, "quick", short=True)
    clip = await encoding(database, "b", seconds=20)
    claim = await next_claim(database, "quick", short=True)
    assert claim
    assert claim.video_id == clip.id


@on_both_databases
async def test_estimate_knows_who_else_is_encoded(database: Database) -> None:
    """A waiting lecture of ten minutes beside one of an hour: without a job of its own it has a time."""
    await encoding(database, "a", seconds=3600)
    claims = [await next_claim(database) for _ in range(2)]
    async with database.write() as session:  # each has done half of its part after 20 s
        ids = [claim.id for claim in claims if claim]
        await session.execute(update(Job).where(Job.id.in_(ids)).values(progress=0.5))
    waiting = await encoding(database, "b", seconds=600)
    async with database.read() as session:
        status = await lesson_status(session, waiting.lesson_id, START + timedelta(seconds=20))
    assert status
    assert status.queue_place == 1
    assert status.eta_seconds
    alone = 600 * 25 / 30 / (status.speed or 1)
    assert status.eta_seconds > alone > 0


@pytest.mark.long
@pytest.mark.media
async def test_clip_is_ready_while_a_lecture_of_another_is_encoded(
    cluster: WorkerCluster, clips: Path, clip: Path
) -> None:
    """The only encoder works at parts of the long one all the time."""
    from tests.fixtures.clips import make_clip

    lecture = make_clip(clips / "minutes.mp4", seconds=120, size="1280x720")
    cluster.start_scheduler()
    for queue in ("quick", "transcode"):
        await cluster.start(queue)
    long = await cluster.submit(lecture)

    async def at_work() -> bool:
        return any(job.state == "running" and job.number for job in await cluster.jobs_of(long.id, "chunk"))

    await wait_until(at_work, 60)
    short = await cluster.submit(clip)
    await cluster.wait_for_state(short.id, "ready", seconds=280)
    assert (await cluster.video(long.id)).state == RevisionState.ENCODING
