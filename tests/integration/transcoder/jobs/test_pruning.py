"""Job rows of finished revisions: needed by nothing, deleted after 30 days."""

from datetime import timedelta

from sqlalchemy import func, select, update

from server.playback.published import published as playable_part
from storage.database.engine import Database
from storage.database.tables import Job, Video
from storage.states import RevisionState
from tests.fixtures.database import on_both_databases
from tests.integration.transcoder.jobs.lifecycle import prepared, published
from tests.world.clock import START
from transcoder.jobs.pruning import KEPT, prune
from transcoder.jobs.status import lesson_status

LATER = START + KEPT + timedelta(seconds=1)


async def jobs_of(database: Database, video: Video) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).where(Job.video_id == video.id)) or 0


@on_both_databases
async def test_ready_revision_plays_without_its_jobs(database: Database) -> None:
    video = await published(database)
    async with database.read() as session:
        before = await playable_part(session, video.id)
        status = await lesson_status(session, video.lesson_id, START)
    assert await prune(database, START + KEPT) == 0
    assert await jobs_of(database, video) > 0
    assert await prune(database, LATER) > 0
    assert await jobs_of(database, video) == 0
    async with database.read() as session:
        after = await playable_part(session, video.id)
        assert after == before
        assert await lesson_status(session, video.lesson_id, LATER) == status
    assert after is not None
    assert after.ended
    assert after.playable


async def test_unfinished_and_failed_revisions_keep_their_jobs(database: Database) -> None:
    video = await prepared(database)
    for state in (RevisionState.ENCODING, RevisionState.FAILED):
        async with database.write() as session:
            await session.execute(
                update(Video).where(Video.id == video.id).values(state=state, finished_at=START)
            )
        assert await prune(database, LATER) == 0


async def test_ready_revision_without_a_document_keeps_its_jobs(database: Database) -> None:
    """As one that a worker of an earlier version published during an update."""
    video = await published(database)
    async with database.write() as session:
        await session.execute(update(Video).where(Video.id == video.id).values(published=None))
    assert await prune(database, LATER) == 0
    async with database.read() as session:
        known = await playable_part(session, video.id)
    assert known is not None
    assert known.ended


async def test_many_revisions_are_pruned_in_batches(database: Database) -> None:
    for _ in range(25):
        await published(database)
    assert await prune(database, LATER) > 25
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 0
