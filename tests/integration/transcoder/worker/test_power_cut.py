"""Durability order: files are deleted only after the rows that release them are on the disk."""

from pathlib import Path

import pytest

from storage.database.engine import Database
from storage.objects.folder import FolderStore
from tests.fixtures.powercut import Disk
from tests.integration.transcoder.jobs.lifecycle import prepared, video_of
from tests.world.clock import START
from transcoder.jobs import api as jobs


async def test_cancellation_is_durable_before_the_original_is_deleted(
    database: Database, folder_store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = await prepared(database)
    await folder_store.put_bytes(video.source_key, b"x", "video/mp4")
    disk, delete = Disk(database, tmp_path / "disk", monkeypatch), folder_store.delete

    async def cut(key: str) -> None:
        async with disk.after_a_power_cut() as left:
            assert (await video_of(left, video.id)).state == "cancelled"
        await delete(key)

    monkeypatch.setattr(folder_store, "delete", cut)
    await jobs.cancel(database, folder_store, video.id, START)
    assert await folder_store.stat(video.source_key) is None
