"""Upload sweep: completes interrupted uploads, expires abandoned ones."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.uploads import rules, service
from server.uploads.finish import finish, mark_stored
from server.uploads.sweep import ORPHAN_AGE, Swept, expire, sweep
from storage import deletions
from storage.database.tables import Lesson, Upload
from storage.objects.store import ObjectInfo
from storage.states import UploadState
from tests.fixtures.desk import DATA, Desk
from tests.fixtures.objects import S3Server
from tests.world.clock import START


async def test_expired_upload_is_deleted_with_its_file(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload, DATA[:100])
    assert await desk.row(upload) == ("open", "uploading")
    assert await sweep(desk.context, START + timedelta(days=2, seconds=-1)) == Swept(0, 0, 0)
    assert await sweep(desk.context, START + timedelta(days=2)) == Swept(0, 1, 0)
    assert await desk.row(upload) == ("expired", None)
    assert not desk.context.spool.path(upload.id).exists()
    assert await sweep(desk.context, START + timedelta(days=2)) == Swept(0, 0, 0)


async def test_complete_upload_of_dead_process_becomes_one_revision(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    assert (await sweep(desk.context, START)).finished == 1
    assert (await sweep(desk.context, START)).finished == 0
    assert await desk.row(upload) == ("stored", "processing")
    (video,) = await desk.videos()
    assert (video.source_key, video.source_bytes) == (upload.s3_key, len(DATA))
    assert await desk.context.store.get_bytes(upload.s3_key) == DATA


async def test_crash_after_the_file_was_stored(desk: Desk) -> None:
    upload = await desk.begin()
    await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    desk.context.spool.remove(upload.id)
    async with desk.context.database.write() as session:
        (await session.get_one(Upload, upload.id)).state = UploadState.RECEIVED
    assert (await sweep(desk.context, START)).finished == 1
    assert len(await desk.videos()) == 1


async def test_crash_before_the_revision_was_submitted(desk: Desk) -> None:
    upload = await desk.begin()
    await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    async with desk.context.database.write() as session:
        (await session.get_one(Upload, upload.id)).state = UploadState.STORED
    assert (await sweep(desk.context, START)).finished == 1
    assert len(await desk.videos()) == 1


async def test_unreachable_store_is_retried(desk: Desk, s3_server: S3Server) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    unreachable = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    assert not await finish(replace(desk.context, store=unreachable), upload.id, START)
    await unreachable.close()
    assert await desk.row(upload) == ("received", "uploading")
    assert desk.context.spool.path(upload.id).read_bytes() == DATA
    assert (
        await sweep(desk.context, START + timedelta(days=30))
    ).finished == 1  # never expires once it is whole
    assert await desk.context.store.get_bytes(upload.s3_key) == DATA


async def test_files_without_a_row_are_removed_after_an_hour(desk: Desk) -> None:
    kept = await desk.begin()
    spool = desk.context.spool
    orphan, form = spool.path("nobody"), spool.form_path(kept.id, "cut")
    fresh = spool.form_path(kept.id, "fresh")
    now = START.timestamp()
    too_old = now - ORPHAN_AGE.total_seconds() - 60
    for path, written in ((orphan, too_old), (form, too_old), (fresh, now)):
        path.write_bytes(b"x")
        os.utime(path, (written, written))
    assert await sweep(desk.context, START) == Swept(0, 0, 2)
    assert not orphan.exists()
    assert not form.exists()
    assert fresh.exists()


async def test_cancelling_after_the_last_byte_keeps_nothing(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    assert await service.abandon(desk.context, upload, "cancelled", START)
    assert not await finish(desk.context, upload.id, START)
    assert await desk.row(upload) == ("cancelled", None)
    assert await desk.context.store.stat(upload.s3_key) is None
    assert await desk.videos() == []


@pytest.mark.parametrize("store", ["s3"], indirect=True)  # into a folder it is one rename
async def test_cancelled_during_transfer_to_the_store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await desk.receive()
    put = desk.context.store.put_file

    async def cancel_meanwhile(key: str, path: Path, content_type: str) -> ObjectInfo:
        kept = path.with_name("kept")
        kept.write_bytes(path.read_bytes())  # the client holds the file open
        assert await service.abandon(desk.context, upload, "cancelled", START)
        return await put(key, kept, content_type)

    monkeypatch.setattr(desk.context.store, "put_file", cancel_meanwhile)
    assert not await finish(desk.context, upload.id, START)
    assert await desk.row(upload) == ("cancelled", None)
    assert await desk.context.store.stat(upload.s3_key) is None


async def test_failed_object_deletion_is_retried_when_due(desk: Desk, s3_server: S3Server) -> None:
    """The object of a form is in the store when the form expires while the store is unreachable."""
    uploads = [await desk.begin(), await desk.begin()]
    unreachable = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    late = START + timedelta(days=2)
    assert await expire(replace(desk.context, store=unreachable), late) == 2
    await unreachable.close()
    assert [await desk.row(upload) for upload in uploads] == [("expired", None)] * 2
    for upload in uploads:
        await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    due = rules.last_arrival(late, uploads[0].expires_at)
    assert await deletions.purge_due(desk.context.database, desk.context.store, due) == 2
    assert [item async for item in desk.context.store.list("")] == []


async def test_object_of_deleted_lesson_is_deleted_when_due(desk: Desk, s3_server: S3Server) -> None:
    upload = await desk.receive()
    async with desk.context.database.write() as session:
        await session.delete(await session.get_one(Lesson, upload.lesson_id))
    await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    unreachable = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    assert await mark_stored(replace(desk.context, store=unreachable), upload, len(DATA), START) is None
    await unreachable.close()
    due = rules.last_arrival(START, upload.expires_at)
    assert await deletions.purge_due(desk.context.database, desk.context.store, due) == 1
    assert await desk.context.store.stat(upload.s3_key) is None


async def test_object_posted_after_cancellation_is_deleted_at_form_expiry(desk: Desk) -> None:
    upload = await desk.begin()
    assert await service.abandon(desk.context, upload, "cancelled", START - timedelta(days=30))
    purge_due, store = deletions.purge_due, desk.context.store
    assert await purge_due(desk.context.database, store, upload.expires_at - timedelta(seconds=1)) == 0
    await store.put_bytes(upload.s3_key, DATA, "video/mp4")
    assert await purge_due(desk.context.database, store, upload.expires_at) == 1
    assert await store.stat(upload.s3_key) is None
