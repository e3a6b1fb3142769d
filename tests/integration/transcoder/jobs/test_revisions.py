"""State transitions of a revision, from submitted to ready, failed or cancelled, without real media."""

import pytest

from storage import deletions
from storage.database.base import new_id
from storage.database.engine import Database
from storage.messages import Message
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.states import VideoStatus
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.integration.transcoder.jobs.lifecycle import (
    claim,
    complete,
    complete_all_parts,
    jobs_of,
    lesson_of,
    prepared,
    published,
    scheduled_deletions,
    submitted,
    video_of,
)
from tests.world.clock import START
from tests.world.media import small_audio_result
from transcoder.jobs import api as jobs
from transcoder.jobs import leases, revisions

pytestmark = on_both_databases


async def test_submit_is_idempotent_per_object(database: Database, lesson_id: str) -> None:
    queue, key = RecordedQueue(), keys.original(lesson_id, new_id(), "a.mp4")
    about = {"lesson_id": lesson_id, "source_key": key, "filename": "a.mp4", "source_bytes": 5, "now": START}
    first = await jobs.submit(database, queue, **about)  # type: ignore[arg-type]
    second = await jobs.submit(database, queue, **about)  # type: ignore[arg-type]
    assert first.id == second.id
    assert len(queue.wakes) == len(await jobs_of(database, first.id, "prepare")) == 1
    assert (await lesson_of(database, first)).video_status == VideoStatus.PROCESSING


async def test_submit_for_a_missing_lesson_is_refused(database: Database) -> None:
    with pytest.raises(jobs.NotPossible):
        await jobs.submit(
            database, RecordedQueue(), lesson_id="x", source_key="o/x", filename="", source_bytes=1, now=START
        )


async def test_playable_with_first_chunk_and_first_audio(database: Database) -> None:
    video = await prepared(database)
    first, second = await claim(database, "quick"), await claim(database, "quick")
    assert (first.kind, second.kind) == ("chunk", "audio") or (second.kind, first.kind) == ("chunk", "audio")
    chunk, audio = (first, second) if first.kind == "chunk" else (second, first)
    await complete(database, chunk)
    assert (await lesson_of(database, video)).video_id is None
    async with database.write() as session:
        row = await revisions.lock(session, video.id)
        assert row
        await leases.store_result(session, audio, small_audio_result(1, complete=False))
        await revisions.show_if_playable(session, row, START)
    lesson = await lesson_of(database, video)
    assert (lesson.video_id, lesson.video_status) == (video.id, "processing")
    assert lesson.video_duration_seconds == 18


async def test_last_part_creates_the_finish_job(database: Database) -> None:
    video = await prepared(database)
    await complete_all_parts(database)
    assert (await video_of(database, video.id)).state == "finishing"
    assert len(await jobs_of(database, video.id, "finish")) == 1


async def test_retry_keeps_finished_parts(database: Database) -> None:
    video, queue = await prepared(database), RecordedQueue()
    await complete(database, await claim(database, "quick"))
    broken = await claim(database, "transcode")
    await leases.fail(database, broken, Message("Encoding failed."), START)
    lesson = await lesson_of(database, video)
    assert (lesson.video_status, lesson.video_id) == ("failed", None)

    await jobs.retry(database, queue, video.id, START)
    await jobs.retry(database, queue, video.id, START)
    rows = await jobs_of(database, video.id, "chunk") + await jobs_of(database, video.id, "audio")
    assert sorted(job.state for job in rows) == ["done", "waiting", "waiting", "waiting"]
    assert len(queue.wakes) == 3
    assert (await claim(database, "transcode")).attempts == 1
    assert (await lesson_of(database, video)).video_status == VideoStatus.PROCESSING


async def test_rejected_original_cannot_be_retried(database: Database) -> None:
    video = await submitted(database)
    await leases.refuse(database, await claim(database, "quick"), Message("This is a text file."), START)
    with pytest.raises(jobs.NotPossible, match="Upload it again"):
        await jobs.retry(database, RecordedQueue(), video.id, START)


async def test_cancel_deletes_everything(database: Database, folder_store: FolderStore) -> None:
    video = await prepared(database)
    for key in (video.source_key, keys.poster(video.id), keys.segment(video.id, "180p", 0, 1)):
        await folder_store.put_bytes(key, b"x", "video/mp4")
    working = await claim(database, "transcode")
    await jobs.cancel(database, folder_store, video.id, START)
    await jobs.cancel(database, folder_store, video.id, START)
    assert [item.key async for item in folder_store.list("")] == []
    assert not await leases.is_owned(database, working)
    lesson = await lesson_of(database, video)
    assert (lesson.video_id, lesson.video_status) == (None, None)

    await folder_store.put_bytes(keys.tile(video.id, 0, 1), b"late", "image/jpeg")
    assert await deletions.purge_due(database, folder_store, START + deletions.GRACE) == 2
    assert [item.key async for item in folder_store.list("")] == []


async def test_cancel_of_a_ready_revision_has_no_effect(
    database: Database, folder_store: FolderStore
) -> None:
    video = await published(database)
    await jobs.cancel(database, folder_store, video.id, START)
    assert (await video_of(database, video.id)).state == "ready"
    assert await scheduled_deletions(database) == {}


async def test_lost_parts_are_encoded_again(database: Database) -> None:
    video = await prepared(database)
    await complete_all_parts(database)
    finish = await claim(database, "transcode")
    async with database.write() as session:
        row = await revisions.lock(session, video.id)
        assert row
        await leases.delete_job(session, finish)
        again = await revisions.requeue_parts(session, row, {("chunk", 1)}, START)
    assert [job.number for job in again] == [1]
    part = await claim(database, "transcode")
    assert (part.kind, part.number, part.attempts) == ("chunk", 1, 2)
    assert await complete(database, part)  # creates the finish job again
