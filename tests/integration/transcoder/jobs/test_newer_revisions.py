"""Lessons with several revisions, as rows: which one is published, followed and cancelled."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from storage.database.engine import Database
from storage.database.tables import Lesson, Video
from storage.messages import Message
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.objects.store import ObjectStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.integration.transcoder.jobs.lifecycle import (
    VARIANTS,
    claim,
    complete_all_parts,
    finish_encoding,
    jobs_of,
    lesson_of,
    playable,
    prepared,
    publish,
    published,
    scheduled_deletions,
    submitted,
    video_of,
)
from tests.world.builder import World
from tests.world.clock import START
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions
from transcoder.jobs.status import lesson_status

pytestmark = on_both_databases

End = Callable[[Database, Video, ObjectStore], Awaitable[None]]


async def cancelled(database: Database, video: Video, store: ObjectStore) -> None:
    await jobs.cancel(database, store, video.id, START)


async def refused(database: Database, video: Video, _store: ObjectStore) -> None:
    look = await claim(database, "quick")
    assert (look.kind, look.video_id) == ("prepare", video.id)
    await leases.refuse(database, look, Message("This is a text file."), START)


async def row_state(database: Database, lesson_id: str) -> tuple[str, str, str, int]:
    """Job, statuses and progress of the lesson's row, after checking them against its status."""
    async with database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
        status = await lesson_status(session, lesson_id, START)
    assert status
    assert (lesson.transcoding_job_id, lesson.video_status) == (status.job_id, status.status)
    assert status.playable == (lesson.video_id == status.job_id)
    return status.job_id, status.status, status.state, lesson.transcoding_progress


async def test_second_revision_replaces_the_first_when_ready(database: Database) -> None:
    first = await published(database)
    second = await prepared(database, first.lesson_id)
    await complete_all_parts(database)
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_status) == (first.id, "processing")

    await publish(database, second, poster=False)
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_status, lesson.video_thumbnail_url) == (second.id, "ready", None)
    # The first revision stays until its path tokens have expired.
    later = await scheduled_deletions(database)
    assert later[keys.video(first.id)] > timedelta(hours=6)
    assert later[first.source_key] > timedelta(hours=6)
    assert keys.video(second.id) not in later


async def test_failed_second_revision_leaves_the_first(database: Database) -> None:
    first = await published(database)
    before = await lesson_of(database, first)
    second = await submitted(database, first.lesson_id)
    await leases.refuse(database, await claim(database, "quick"), Message("This is a text file."), START)
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_status, lesson.video_hls_url) == (
        first.id,
        "ready",
        before.video_hls_url,
    )
    assert lesson.video_quality_variants == before.video_quality_variants
    assert set(await scheduled_deletions(database)) == {keys.video(second.id), second.source_key}


async def test_cancelled_second_revision_is_not_followed(
    database: Database, folder_store: FolderStore
) -> None:
    first = await published(database)
    await cancelled(database, await submitted(database, first.lesson_id), folder_store)
    assert await row_state(database, first.lesson_id) == (first.id, "ready", "ready", 100)


@pytest.mark.parametrize("end", [cancelled, refused])
async def test_lesson_follows_the_active_revision_after_a_newer_one_ended(
    database: Database, folder_store: FolderStore, end: End
) -> None:
    first = await playable(database)
    await end(database, await submitted(database, first.lesson_id), folder_store)
    assert await row_state(database, first.lesson_id) == (first.id, "processing", "encoding", 50)
    await finish_encoding(database, first)
    assert await row_state(database, first.lesson_id) == (first.id, "ready", "ready", 100)


async def test_followed_older_revision_can_fail_and_be_retried(
    database: Database, folder_store: FolderStore
) -> None:
    first = await playable(database)
    await cancelled(database, await submitted(database, first.lesson_id), folder_store)
    await leases.fail(database, await claim(database, "transcode"), Message("Encoding failed."), START)
    assert await row_state(database, first.lesson_id) == (first.id, "failed", "failed", 0)
    await jobs.retry(database, RecordedQueue(), first.id, START)
    assert (await row_state(database, first.lesson_id))[:3] == (first.id, "processing", "encoding")


async def test_playable_older_revision_replaces_a_cancelled_one(
    database: Database, folder_store: FolderStore
) -> None:
    """The second revision was playable first; the first one is playable by now."""
    lesson_id = (await World(database).lesson()).id
    first = await playable(database, lesson_id)
    second = await playable(database, lesson_id)
    async with database.write() as session:
        (await session.get_one(Lesson, lesson_id)).video_id = second.id
    await cancelled(database, second, folder_store)
    assert (await row_state(database, lesson_id))[:2] == (first.id, "processing")
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_hls_url) == (first.id, revisions.HLS_URL.format(first.id))


async def test_published_revision_cancels_an_unfinished_older_one(database: Database) -> None:
    lesson_id = (await World(database).lesson()).id
    older = await prepared(database, lesson_id)
    newer = await prepared(database, lesson_id)
    async with database.write() as session:
        row = await revisions.lock(session, newer.id)
        assert row
        await revisions.publish(session, row, VARIANTS, poster=True, now=START)
    assert (await video_of(database, older.id)).state == "cancelled"
    assert {job.state for job in await jobs_of(database, older.id, "chunk")} == {"cancelled"}
    assert (await lesson_of(database, newer)).video_id == newer.id
