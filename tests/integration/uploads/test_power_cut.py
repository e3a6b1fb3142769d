"""Bytes leave their place only when the row that looks for them elsewhere is on the disk."""

from pathlib import Path

import pytest

from server.uploads.finish import finish
from storage.database.tables import Upload
from storage.objects.store import ObjectInfo
from tests.fixtures.desk import NOW, Desk
from tests.fixtures.powercut import Disk


async def test_an_upload_is_whole_for_good_before_its_file_goes(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await desk.begin()
    desk.arrive(upload)
    disk = Disk(desk.intake.database, tmp_path / "disk", monkeypatch)
    adopt_file = desk.intake.store.adopt_file

    async def cut(key: str, path: Path, content_type: str) -> ObjectInfo:
        async with disk.after_a_power_cut() as left, left.read() as session:
            assert (await session.get_one(Upload, upload.id)).state == "received"
        return await adopt_file(key, path, content_type)

    monkeypatch.setattr(desk.intake.store, "adopt_file", cut)
    assert await finish(desk.intake, upload.id, NOW)
