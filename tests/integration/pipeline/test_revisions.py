"""From submitted to ready, failed or cancelled, as rows; the media is made up."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage import deletions
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Job, Lesson, ObjectDeletion, Video
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.objects.store import ObjectStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.lessons import add_lesson
from tests.fixtures.revisions import (
    NOW,
    audio_result,
    chunk_result,
    jobs_of,
    laid_out,
    lesson_of,
    submitted,
    video_of,
)
from tests.fixtures.web import RecordedQueue
from transcoder import claims, jobs, revisions
from transcoder.claims import Claim
from transcoder.status import lesson_status
from transcoder.timing import Timing

pytestmark = on_both_databases

TIMING = Timing()
VARIANTS: Sequence[dict[str, Any]] = ({"name": "180p", "width": 320, "height": 180, "bandwidth": 1},)


async def claim(database: Database, queue: str) -> Claim:
    found = await claims.claim_next(database, queue, "a/1", NOW, TIMING)
    assert found
    return found


async def done(database: Database, claim: Claim) -> Job | None:
    """What a step does at its end; the finish job, if this was the last part."""
    result = chunk_result(claim.fence) if claim.kind == "chunk" else audio_result(claim.fence, complete=True)
    async with database.write() as session:
        video = await revisions.lock(session, claim.video_id)
        assert video
        await claims.complete(session, claim, result, NOW)
        await revisions.show_if_playable(session, video, NOW)
        return await revisions.finish_job_if_due(session, video, NOW)


async def all_parts(database: Database) -> Job:
    last = None
    for queue in ("quick", "transcode"):
        while found := await claims.claim_next(database, queue, "a/1", NOW, TIMING):
            if found.kind == "finish":
                raise AssertionError("the last step was due too early")
            last = await done(database, found)
            if last:
                return last
    raise AssertionError("the last step was never due")


async def published(database: Database, lesson_id: str | None = None) -> Video:
    video = await laid_out(database, lesson_id)
    await seen_through(database, video)
    return await video_of(database, video.id)


async def seen_through(database: Database, video: Video) -> None:
    await all_parts(database)
    finish = await claim(database, "transcode")
    async with database.write() as session:
        row = await revisions.lock(session, video.id)
        assert row
        await claims.complete(session, finish, {}, NOW)
        await revisions.publish(session, row, VARIANTS, poster=True, now=NOW)


async def begun(database: Database, lesson_id: str) -> Video:
    """Its first chunk and its sound are in."""
    video = await laid_out(database, lesson_id)
    for _ in range(2):
        await done(database, await claim(database, "quick"))
    return await video_of(database, video.id)


End = Callable[[Database, Video, ObjectStore], Awaitable[None]]


async def cancelled(database: Database, video: Video, store: ObjectStore) -> None:
    await jobs.cancel(database, store, video.id, NOW)


async def refused(database: Database, video: Video, _store: ObjectStore) -> None:
    look = await claim(database, "quick")
    assert (look.kind, look.video_id) == ("prepare", video.id)
    await claims.refuse(database, look, "This is a text file.", NOW)


async def told(database: Database, lesson_id: str) -> tuple[str, str, str, int]:
    """What the lesson's row says, once it is sure that its status says the same."""
    async with database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
        status = await lesson_status(session, lesson_id, NOW)
    assert status
    assert (lesson.transcoding_job_id, lesson.video_status) == (status.job_id, status.status)
    assert status.playable == (lesson.video_id == status.job_id)
    return status.job_id, status.status, status.state, lesson.transcoding_progress


async def marked(database: Database) -> dict[str, timedelta]:
    """What is to go, and when."""
    async with database.read() as session:
        return {row.prefix: row.due_at - NOW for row in await session.scalars(select(ObjectDeletion))}


async def test_the_same_object_is_one_revision(database: Database, lesson_id: str) -> None:
    queue, key = RecordedQueue(), keys.original(lesson_id, new_id(), "a.mp4")
    about = {"lesson_id": lesson_id, "source_key": key, "filename": "a.mp4", "source_bytes": 5, "now": NOW}
    first = await jobs.submit(database, queue, **about)  # type: ignore[arg-type]
    second = await jobs.submit(database, queue, **about)  # type: ignore[arg-type]
    assert first.id == second.id
    assert len(queue.hints) == len(await jobs_of(database, first.id, "prepare")) == 1
    assert (await lesson_of(database, first)).video_status == "processing"


async def test_a_lesson_that_is_gone_takes_no_video(database: Database) -> None:
    with pytest.raises(jobs.NotPossible):
        await jobs.submit(
            database, RecordedQueue(), lesson_id="x", source_key="o/x", filename="", source_bytes=1, now=NOW
        )


async def test_playable_with_the_first_chunk_and_the_first_sound(database: Database) -> None:
    video = await laid_out(database)
    first, sound = await claim(database, "quick"), await claim(database, "quick")
    assert (first.kind, sound.kind) == ("chunk", "audio") or (sound.kind, first.kind) == ("chunk", "audio")
    chunk, audio = (first, sound) if first.kind == "chunk" else (sound, first)
    await done(database, chunk)
    assert (await lesson_of(database, video)).video_id is None
    async with database.write() as session:
        row = await revisions.lock(session, video.id)
        assert row
        await claims.store_result(session, audio, audio_result(1, complete=False))
        await revisions.show_if_playable(session, row, NOW)
    lesson = await lesson_of(database, video)
    assert (lesson.video_id, lesson.video_status) == (video.id, "processing")
    assert lesson.video_duration_seconds == 18


async def test_the_last_part_brings_the_last_step(database: Database) -> None:
    video = await laid_out(database)
    await all_parts(database)
    assert (await video_of(database, video.id)).state == "finishing"
    assert len(await jobs_of(database, video.id, "finish")) == 1


async def test_a_second_revision_takes_over_only_when_ready(database: Database) -> None:
    first = await published(database)
    second = await laid_out(database, first.lesson_id)
    await all_parts(database)
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_status) == (first.id, "processing")

    finish = await claim(database, "transcode")
    async with database.write() as session:
        row = await revisions.lock(session, second.id)
        assert row
        await claims.complete(session, finish, {}, NOW)
        await revisions.publish(session, row, VARIANTS, poster=False, now=NOW)
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_status, lesson.video_thumbnail_url) == (second.id, "ready", None)
    # Whoever is in the middle of the first one may see it to its end.
    later = await marked(database)
    assert later[keys.video(first.id)] > timedelta(hours=6)
    assert later[first.source_key] > timedelta(hours=6)
    assert keys.video(second.id) not in later


async def test_a_failed_second_revision_leaves_the_first_alone(database: Database) -> None:
    first = await published(database)
    before = await lesson_of(database, first)
    second = await submitted(database, first.lesson_id)
    await claims.refuse(database, await claim(database, "quick"), "This is a text file.", NOW)
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_status, lesson.video_hls_url) == (
        first.id,
        "ready",
        before.video_hls_url,
    )
    assert lesson.video_quality_variants == before.video_quality_variants
    assert set(await marked(database)) == {keys.video(second.id), second.source_key}


@pytest.mark.parametrize("end", [cancelled, refused])
async def test_a_newer_revision_that_came_to_nothing_leaves_the_one_at_work(
    database: Database, folder_store: FolderStore, end: End
) -> None:
    first = await begun(database, await add_lesson(database))
    await end(database, await submitted(database, first.lesson_id), folder_store)
    assert await told(database, first.lesson_id) == (first.id, "processing", "encoding", 50)
    await seen_through(database, first)
    assert await told(database, first.lesson_id) == (first.id, "ready", "ready", 100)


async def test_one_that_is_gone_back_to_can_fail_and_be_tried_again(
    database: Database, folder_store: FolderStore
) -> None:
    first = await begun(database, await add_lesson(database))
    await cancelled(database, await submitted(database, first.lesson_id), folder_store)
    await claims.fail(database, await claim(database, "transcode"), "Encoding failed.", NOW)
    assert await told(database, first.lesson_id) == (first.id, "failed", "failed", 0)
    await jobs.retry(database, RecordedQueue(), first.id, NOW)
    assert (await told(database, first.lesson_id))[:3] == (first.id, "processing", "encoding")


async def test_what_was_seen_of_a_cancelled_revision_gives_way_to_the_one_at_work(
    database: Database, folder_store: FolderStore
) -> None:
    """The second one could be watched first; the first one can be by now."""
    lesson_id = await add_lesson(database)
    first = await begun(database, lesson_id)
    second = await begun(database, lesson_id)
    async with database.write() as session:
        (await session.get_one(Lesson, lesson_id)).video_id = second.id
    await cancelled(database, second, folder_store)
    assert (await told(database, lesson_id))[:2] == (first.id, "processing")
    lesson = await lesson_of(database, first)
    assert (lesson.video_id, lesson.video_hls_url) == (first.id, revisions.HLS_URL.format(first.id))


async def test_a_newer_revision_ends_one_that_is_not_whole(database: Database) -> None:
    lesson_id = await add_lesson(database)
    older = await laid_out(database, lesson_id)
    newer = await laid_out(database, lesson_id)
    async with database.write() as session:
        row = await revisions.lock(session, newer.id)
        assert row
        await revisions.publish(session, row, VARIANTS, poster=True, now=NOW)
    assert (await video_of(database, older.id)).state == "cancelled"
    assert {job.state for job in await jobs_of(database, older.id, "chunk")} == {"cancelled"}
    assert (await lesson_of(database, newer)).video_id == newer.id


async def test_retry_keeps_what_is_finished(database: Database) -> None:
    video, queue = await laid_out(database), RecordedQueue()
    await done(database, await claim(database, "quick"))
    broken = await claim(database, "transcode")
    await claims.fail(database, broken, "Encoding failed.", NOW)
    lesson = await lesson_of(database, video)
    assert (lesson.video_status, lesson.video_id) == ("failed", None)

    await jobs.retry(database, queue, video.id, NOW)
    await jobs.retry(database, queue, video.id, NOW)
    rows = await jobs_of(database, video.id, "chunk") + await jobs_of(database, video.id, "audio")
    assert sorted(job.state for job in rows) == ["done", "waiting", "waiting", "waiting"]
    assert len(queue.hints) == 3
    assert (await claim(database, "transcode")).attempts == 1
    assert (await lesson_of(database, video)).video_status == "processing"


async def test_what_was_not_kept_cannot_be_retried(database: Database) -> None:
    video = await submitted(database)
    await claims.refuse(database, await claim(database, "quick"), "This is a text file.", NOW)
    with pytest.raises(jobs.NotPossible, match="Upload it again"):
        await jobs.retry(database, RecordedQueue(), video.id, NOW)


async def test_cancel_leaves_nothing(database: Database, folder_store: FolderStore) -> None:
    video = await laid_out(database)
    for key in (video.source_key, keys.poster(video.id), keys.segment(video.id, "180p", 0, 1)):
        await folder_store.put_bytes(key, b"x", "video/mp4")
    working = await claim(database, "transcode")
    await jobs.cancel(database, folder_store, video.id, NOW)
    await jobs.cancel(database, folder_store, video.id, NOW)
    assert [item.key async for item in folder_store.list("")] == []
    assert not await claims.is_mine(database, working)
    lesson = await lesson_of(database, video)
    assert (lesson.video_id, lesson.video_status) == (None, None)

    await folder_store.put_bytes(keys.tile(video.id, 0, 1), b"late", "image/jpeg")
    assert await deletions.carry_out(database, folder_store, NOW + deletions.GRACE) == 2
    assert [item.key async for item in folder_store.list("")] == []


async def test_cancel_does_nothing_to_what_is_ready(database: Database, folder_store: FolderStore) -> None:
    video = await published(database)
    await jobs.cancel(database, folder_store, video.id, NOW)
    assert (await video_of(database, video.id)).state == "ready"
    assert await marked(database) == {}


async def test_parts_that_the_store_lost_are_made_again(database: Database) -> None:
    video = await laid_out(database)
    await all_parts(database)
    finish = await claim(database, "transcode")
    async with database.write() as session:
        row = await revisions.lock(session, video.id)
        assert row
        await claims.withdraw(session, finish)
        again = await revisions.reopen(session, row, {("chunk", 1)}, NOW)
    assert [job.number for job in again] == [1]
    part = await claim(database, "transcode")
    assert (part.kind, part.number, part.attempts) == ("chunk", 1, 2)
    assert await done(database, part)  # and the last step is due once more
