"""Revisions driven through `transcoder.jobs` as workers do, without media."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from storage.database.engine import Database
from storage.database.tables import Job, Lesson, ObjectDeletion, Video
from storage.states import JobKind, RevisionState
from tests.world.builder import World
from tests.world.clock import START
from tests.world.media import small_audio_result, small_chunk_result
from transcoder.jobs import claiming, leases, revisions
from transcoder.jobs.leases import Claim
from transcoder.jobs.timing import Timing

TIMING = Timing()
VARIANTS: Sequence[dict[str, Any]] = ({"name": "180p", "width": 320, "height": 180, "bandwidth": 1},)


async def submitted(database: Database, lesson_id: str | None = None) -> Video:
    """Revision whose prepare job is queued; of a new lesson unless `lesson_id` is given."""
    world = World(database)
    return await world.video(lesson_id or await world.lesson(), state=RevisionState.WAITING)


async def prepared(database: Database, lesson_id: str | None = None, *, seconds: float = 18) -> Video:
    """Prepared revision; with the default length, three chunk jobs and the audio job are queued."""
    world = World(database)
    lesson = lesson_id or await world.lesson()
    return await world.video(lesson, state=RevisionState.ENCODING, seconds=seconds, height=180)


async def playable(database: Database, lesson_id: str | None = None) -> Video:
    """Revision whose first chunk and audio are done."""
    video = await prepared(database, lesson_id)
    for _ in range(2):
        await complete(database, await claim(database, "quick"))
    return await video_of(database, video.id)


async def published(database: Database, lesson_id: str | None = None) -> Video:
    video = await prepared(database, lesson_id)
    await finish_encoding(database, video)
    return await video_of(database, video.id)


async def claim(database: Database, queue: str) -> Claim:
    found = await claiming.claim_next(database, queue, "a/1", START, TIMING)
    assert found
    return found


async def complete(database: Database, claim: Claim) -> Job | None:
    """Complete a job as its step does; returns the finish job if this was the last part."""
    result = (
        small_chunk_result(claim.fence) if claim.kind == JobKind.CHUNK else small_audio_result(claim.fence)
    )
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        assert video
        await leases.complete(session, claim, result, START)
        await revisions.show_if_playable(session, video, START)
        return await revisions.finish_job_if_due(session, video, START)


async def complete_all_parts(database: Database) -> Job:
    """Complete every job until the finish job is due; returns it."""
    last = None
    for queue in ("quick", "transcode"):
        while found := await claiming.claim_next(database, queue, "a/1", START, TIMING):
            if found.kind == JobKind.FINISH:
                raise AssertionError("the finish job was due too early")
            last = await complete(database, found)
            if last:
                return last
    raise AssertionError("the finish job was never due")


async def finish_encoding(database: Database, video: Video) -> None:
    """Complete all parts and publish the revision."""
    await complete_all_parts(database)
    await publish(database, video, poster=True)


async def publish(database: Database, video: Video, *, poster: bool) -> None:
    """Complete the finish job and publish the revision."""
    finish = await claim(database, "transcode")
    async with database.write() as session:
        row = await revisions.lock(session, video.id)
        assert row
        await leases.complete(session, finish, {}, START)
        await revisions.publish(session, row, VARIANTS, poster=poster, now=START)


async def jobs_of(database: Database, video_id: str, kind: str) -> list[Job]:
    async with database.read() as session:
        wanted = select(Job).where(Job.video_id == video_id, Job.kind == kind).order_by(Job.number)
        return list(await session.scalars(wanted))


async def video_of(database: Database, video_id: str) -> Video:
    async with database.read() as session:
        return await session.get_one(Video, video_id)


async def lesson_of(database: Database, video: Video) -> Lesson:
    async with database.read() as session:
        return await session.get_one(Lesson, video.lesson_id)


async def scheduled_deletions(database: Database) -> dict[str, timedelta]:
    """Scheduled object deletions: due time after START, by prefix."""
    async with database.read() as session:
        return {row.prefix: row.due_at - START for row in await session.scalars(select(ObjectDeletion))}
