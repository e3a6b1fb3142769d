"""Durability order: a file moves only after the row that refers to its new place is on the disk."""

from pathlib import Path

import pytest

from server.core.clock import SystemClock
from server.encoding import ingest
from server.uploads.finish import finish
from storage.database.tables import ObjectDeletion, Upload
from storage.objects.store import ObjectInfo
from tests.fixtures.desk import DATA, Desk
from tests.fixtures.powercut import Disk
from tests.world.clock import START


async def test_received_state_is_durable_before_file_moves(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    disk = Disk(desk.context.database, tmp_path / "disk", monkeypatch)
    adopt_file = desk.context.store.adopt_file

    async def cut(key: str, path: Path, content_type: str) -> ObjectInfo:
        async with disk.after_a_power_cut() as left, left.read() as session:
            assert (await session.get_one(Upload, upload.id)).state == "received"
        return await adopt_file(key, path, content_type)

    monkeypatch.setattr(desk.context.store, "adopt_file", cut)
    assert await finish(desk.context, upload.id, START)


async def test_scheduled_deletion_is_durable_before_ingest_stores(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lecture = tmp_path / "lecture.mp4"
    lecture.write_bytes(DATA)
    disk = Disk(desk.context.database, tmp_path / "disk", monkeypatch)
    put_file = desk.context.store.put_file

    async def cut(key: str, path: Path, content_type: str) -> ObjectInfo:
        async with disk.after_a_power_cut() as left, left.read() as session:
            assert await session.get(ObjectDeletion, key) is not None
        return await put_file(key, path, content_type)

    monkeypatch.setattr(desk.context.store, "put_file", cut)
    assert await ingest.submit_file(desk.context, desk.school.lesson_id, lecture, SystemClock())
