"""What the scheduler does about uploads: finish the interrupted, drop the abandoned."""

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
from tests.fixtures.desk import DATA, NOW, Desk
from tests.fixtures.objects import S3Server


async def test_an_abandoned_upload_goes_with_its_bytes(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload, DATA[:100])
    assert await desk.row(upload) == ("open", "uploading")
    assert await sweep(desk.context, NOW + timedelta(days=2, seconds=-1)) == Swept(0, 0, 0)
    assert await sweep(desk.context, NOW + timedelta(days=2)) == Swept(0, 1, 0)
    assert await desk.row(upload) == ("expired", None)
    assert not desk.context.spool.path(upload.id).exists()
    assert await sweep(desk.context, NOW + timedelta(days=2)) == Swept(0, 0, 0)


async def test_whole_bytes_of_a_dead_process_become_a_revision_once(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    assert (await sweep(desk.context, NOW)).finished == 1
    assert (await sweep(desk.context, NOW)).finished == 0
    assert await desk.row(upload) == ("stored", "processing")
    (video,) = await desk.videos()
    assert (video.source_key, video.source_bytes) == (upload.s3_key, len(DATA))
    assert await desk.context.store.get_bytes(upload.s3_key) == DATA


async def test_a_death_after_the_bytes_were_adopted(desk: Desk) -> None:
    upload = await desk.begin()
    await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    desk.context.spool.remove(upload.id)
    async with desk.context.database.write() as session:
        (await session.get_one(Upload, upload.id)).state = "received"
    assert (await sweep(desk.context, NOW)).finished == 1
    assert len(await desk.videos()) == 1


async def test_a_death_before_the_revision_was_submitted(desk: Desk) -> None:
    upload = await desk.begin()
    await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    async with desk.context.database.write() as session:
        (await session.get_one(Upload, upload.id)).state = "stored"
    assert (await sweep(desk.context, NOW)).finished == 1
    assert len(await desk.videos()) == 1


async def test_a_store_that_is_away_is_tried_again(desk: Desk, s3_server: S3Server) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    away = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    assert not await finish(replace(desk.context, store=away), upload.id, NOW)
    await away.close()
    assert await desk.row(upload) == ("received", "uploading")
    assert desk.context.spool.path(upload.id).read_bytes() == DATA
    assert (
        await sweep(desk.context, NOW + timedelta(days=30))
    ).finished == 1  # never expires once it is whole
    assert await desk.context.store.get_bytes(upload.s3_key) == DATA


async def test_files_without_a_row_go_after_an_hour(desk: Desk) -> None:
    kept = await desk.begin()
    spool = desk.context.spool
    orphan, form = spool.path("nobody"), spool.form_path(kept.id, "cut")
    fresh = spool.form_path(kept.id, "fresh")
    now = NOW.timestamp()
    too_old = now - ORPHAN_AGE.total_seconds() - 60
    for path, written in ((orphan, too_old), (form, too_old), (fresh, now)):
        path.write_bytes(b"x")
        os.utime(path, (written, written))
    assert await sweep(desk.context, NOW) == Swept(0, 0, 2)
    assert not orphan.exists()
    assert not form.exists()
    assert fresh.exists()


async def test_giving_up_after_the_last_byte_keeps_nothing(desk: Desk) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    assert await service.give_up(desk.context, upload, "cancelled", NOW)
    assert not await finish(desk.context, upload.id, NOW)
    assert await desk.row(upload) == ("cancelled", None)
    assert await desk.context.store.stat(upload.s3_key) is None
    assert await desk.videos() == []


@pytest.mark.parametrize("store", ["s3"], indirect=True)  # into a folder it is one rename
async def test_given_up_while_it_is_sent_to_the_store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await desk.receive()
    put = desk.context.store.put_file

    async def given_up_meanwhile(key: str, path: Path, content_type: str) -> ObjectInfo:
        kept = path.with_name("kept")
        kept.write_bytes(path.read_bytes())  # the client holds the file open
        assert await service.give_up(desk.context, upload, "cancelled", NOW)
        return await put(key, kept, content_type)

    monkeypatch.setattr(desk.context.store, "put_file", given_up_meanwhile)
    assert not await finish(desk.context, upload.id, NOW)
    assert await desk.row(upload) == ("cancelled", None)
    assert await desk.context.store.stat(upload.s3_key) is None


async def test_what_cannot_be_deleted_at_once_goes_later(desk: Desk, s3_server: S3Server) -> None:
    """A form's object is in the store when the form expires, and the store is away."""
    uploads = [await desk.begin(), await desk.begin()]
    away = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    late = NOW + timedelta(days=2)
    assert await expire(replace(desk.context, store=away), late) == 2
    await away.close()
    assert [await desk.row(upload) for upload in uploads] == [("expired", None)] * 2
    for upload in uploads:
        await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    due = rules.last_arrival(late, uploads[0].expires_at)
    assert await deletions.purge_due(desk.context.database, desk.context.store, due) == 2
    assert [item async for item in desk.context.store.list("")] == []


async def test_what_came_for_a_deleted_lesson_goes_later(desk: Desk, s3_server: S3Server) -> None:
    upload = await desk.receive()
    async with desk.context.database.write() as session:
        await session.delete(await session.get_one(Lesson, upload.lesson_id))
    await desk.context.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    away = s3_server.store(endpoint="http://127.0.0.1:1", retries=0)
    assert await mark_stored(replace(desk.context, store=away), upload, len(DATA), NOW) is None
    await away.close()
    due = rules.last_arrival(NOW, upload.expires_at)
    assert await deletions.purge_due(desk.context.database, desk.context.store, due) == 1
    assert await desk.context.store.stat(upload.s3_key) is None


async def test_a_form_that_was_handed_out_may_still_be_posted(desk: Desk) -> None:
    upload = await desk.begin()
    assert await service.give_up(desk.context, upload, "cancelled", NOW - timedelta(days=30))
    purge_due, store = deletions.purge_due, desk.context.store
    assert await purge_due(desk.context.database, store, upload.expires_at - timedelta(seconds=1)) == 0
    await store.put_bytes(upload.s3_key, DATA, "video/mp4")
    assert await purge_due(desk.context.database, store, upload.expires_at) == 1
    assert await store.stat(upload.s3_key) is None
