"""Parts of a ready revision that are made again: rows, on both databases."""

from datetime import timedelta

import msgspec
import pytest

from storage.database.engine import Database
from storage.database.tables import Job, Video
from storage.messages import Message
from storage.states import JobState, RevisionState
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.integration.transcoder.jobs.lifecycle import TIMING, claim, jobs_of, lesson_of, prepared, video_of
from tests.world.builder import World
from tests.world.clock import START
from tests.world.media import audio_result, chunk_result
from transcoder.jobs import claiming, leases, mending, originals, pruning, revisions, sweeper
from transcoder.jobs.leases import Claim, LeaseLost
from transcoder.jobs.timing import MAX_ATTEMPTS
from transcoder.media import FinishResult, Mending, PublishedVideo
from transcoder.planning.plan import require

pytestmark = on_both_databases

WANTED = Mending(parts=(("audio", 0), ("chunk", 1)))
FINISHED = FinishResult(poster=False, sheets=1, tile_width=1, tile_height=1)


@pytest.fixture
async def video(database: Database) -> Video:
    world = World(database)
    return await world.video(await world.lesson(), state=RevisionState.READY, seconds=18, height=180)


async def complete(database: Database, claim: Claim) -> Job | None:
    """Complete a part with the result that a worker would have."""
    _, plan = claim.planned()
    result = (
        audio_result(plan)
        if claim.kind == "audio"
        else chunk_result(plan, require(plan.video).chunks[claim.number])
    )
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        assert video
        await leases.complete(session, claim, result, START)
        return await revisions.finish_job_if_due(session, video, START)


async def begin(database: Database, video: Video, wanted: Mending = WANTED) -> list[tuple[str, int]] | None:
    queued = await mending.begin(database, video.id, wanted, START)
    return None if queued is None else sorted((str(job.kind), job.number) for job in queued)


async def publish(database: Database, finish: Claim) -> None:
    before = await video_of(database, finish.video_id)
    assert before.published
    document = mending.with_parts(before.published, {})
    mended = mending.Mended(
        published=_published(document), digests={}, unreferenced=["videos/v/180p/00001.1.m4s"]
    )
    async with database.write() as session:
        await mending.publish(session, finish, mended, FINISHED, START)


def _published(document: dict[str, object]) -> PublishedVideo:
    return msgspec.convert(document, PublishedVideo)


async def test_only_the_wanted_parts_are_queued_and_the_revision_stays_ready(
    database: Database, video: Video
) -> None:
    assert await begin(database, video) == [("audio", 0), ("chunk", 1)]
    row = await video_of(database, video.id)
    assert (row.state, row.published) == ("ready", video.published)
    states = {job.number: job.state for job in await jobs_of(database, video.id, "chunk")}
    assert states == {0: JobState.DONE, 1: JobState.WAITING, 2: JobState.DONE}
    audio, chunk = await claim(database, "quick"), await claim(database, "transcode")
    assert (audio.kind, chunk.kind, chunk.number) == ("audio", "chunk", 1)
    assert chunk.mending == WANTED
    assert chunk.fence > 1, "its objects have names of their own"
    assert await complete(database, audio) is None
    assert await complete(database, chunk) is not None
    finish = await claim(database, "transcode")
    assert finish.kind == "finish"
    await publish(database, finish)
    row = await video_of(database, video.id)
    assert (row.state, row.mending, row.mended_at) == ("ready", None, START)


async def test_second_call_changes_nothing(database: Database, video: Video) -> None:
    assert await begin(database, video)
    running = await claim(database, "transcode")
    assert await begin(database, video) is None
    assert await leases.is_owned(database, running)


async def test_images_alone_need_no_part(database: Database, video: Video) -> None:
    assert await begin(database, video, Mending(images=("poster.jpg",))) == [("finish", 0)]
    finish = await claim(database, "transcode")
    assert finish.mending == Mending(images=("poster.jpg",))
    await publish(database, finish)
    assert await begin(database, video, Mending(images=("poster.jpg",))) == [("finish", 0)]


async def test_pruned_rows_are_made_anew_above_published_attempts(database: Database, video: Video) -> None:
    assert await pruning.prune(database, START + 2 * pruning.KEPT)
    assert await begin(database, video) == [("audio", 0), ("chunk", 1)]
    assert await pruning.prune(database, START + 2 * pruning.KEPT) == 0
    found = await claim(database, "transcode")
    assert found.fence == 2
    assert await complete(database, await claim(database, "quick")) is None
    assert await complete(database, found) is not None


async def test_lost_finish_job_is_created_by_the_sweeper(database: Database, video: Video) -> None:
    """The worker died between the last part and its commit's reply."""
    await begin(database, video, Mending(parts=(("chunk", 1),)))
    await complete(database, await claim(database, "transcode"))
    async with database.write() as session:
        (finish,) = await jobs_of(database, video.id, "finish")
        await session.delete(await session.get_one(Job, finish.id))
    swept = await sweeper.sweep(database, RecordedQueue(), START, TIMING)
    assert swept.finishing == 1
    assert (await claim(database, "transcode")).kind == "finish"


async def test_failure_leaves_the_revision_ready_and_says_why(database: Database, video: Video) -> None:
    await begin(database, video)
    found = await claim(database, "transcode")
    await leases.fail(database, found, Message("It failed."), START)
    row = await video_of(database, video.id)
    assert (row.state, row.mending) == ("ready", None)
    assert "could not be made again" in str(row.damage)
    assert await claiming.claim_next(database, "quick", "a/1", START, TIMING) is None
    assert await begin(database, video) == [("audio", 0), ("chunk", 1)]


async def test_dead_workers_end_it(database: Database, video: Video) -> None:
    await begin(database, video, Mending(parts=(("chunk", 1),)))
    now = START
    for _ in range(MAX_ATTEMPTS):
        assert await claiming.claim_next(database, "transcode", "a/1", now, TIMING)
        now += timedelta(seconds=TIMING.lease + 1)
    assert await claiming.claim_next(database, "transcode", "a/1", now, TIMING) is None
    assert (await video_of(database, video.id)).state == "ready"
    assert (await video_of(database, video.id)).mending is None


async def test_rejected_original_keeps_what_is_ready(database: Database, video: Video) -> None:
    await begin(database, video)
    await leases.refuse(database, await claim(database, "transcode"), Message("No media."), START)
    row = await video_of(database, video.id)
    assert (row.state, row.published is not None) == ("ready", True)
    assert (await lesson_of(database, video)).video_id == video.id


async def test_newer_revision_ends_it(database: Database, video: Video) -> None:
    await begin(database, video)
    found = await claim(database, "transcode")
    newer = await prepared(database, video.lesson_id)
    async with database.write() as session:
        row = await revisions.lock(session, newer.id)
        assert row
        await revisions.publish(session, row, (), poster=False, now=START)
    assert (await video_of(database, video.id)).mending is None
    with pytest.raises(LeaseLost):
        await complete(database, found)
    assert await begin(database, video) is None, "it is no longer shown"


async def test_original_is_not_removed_meanwhile(database: Database, video: Video) -> None:
    later = START + timedelta(days=400)
    assert (await originals.mark_old(database, 1, later)).count == 1
    await begin(database, video)
    assert await originals.remove_due(database, later + originals.UNDO_TIME) == 0
