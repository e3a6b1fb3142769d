"""What one person or one file may take of the server: unfinished uploads, and the disk's reserve."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.core.errors import NoRoom
from server.uploads import rules
from server.uploads.spool import SpoolWriter
from tests.fixtures.server_process import Campus
from tests.fixtures.tus import send

TUS = "/api/video/upload/tus"


async def test_unfinished_uploads_of_a_person_are_limited(campus: Campus) -> None:
    async with campus.client() as client, campus.client("administrator") as somebody:
        locations = [await campus.create(client, 1000) for _ in range(rules.OPEN_UPLOADS)]
        announced = {"Upload-Length": "1000", "Upload-Metadata": campus.metadata()}
        refused = await client.post(TUS, headers=announced)
        assert refused.status_code == 409
        assert "50 unfinished uploads" in refused.json()["detail"]
        assert (await somebody.post(TUS, headers=announced)).status_code == 201
        assert (await send(client, locations[0], 0, b"x" * 1000)).status_code == 204
        assert (await client.delete(locations[1])).status_code == 204
        assert (await client.post(TUS, headers=announced)).status_code == 201


async def test_announced_sizes_keep_nobody_out(campus: Campus) -> None:
    """Two uploads of more than half of the disk, neither of them begun, and a small one."""
    await campus.server.kill()
    campus.server.environment["SKILLSTUDIO_MAX_UPLOAD_BYTES"] = str(2**60)
    await campus.server.start()
    most = int(shutil.disk_usage(campus.data).free * 0.6)
    async with campus.client() as client:
        for _ in range(2):
            await campus.create(client, most)
        assert (await send(client, await campus.create(client, 1000), 0, b"x" * 1000)).status_code == 204


def test_bytes_that_came_are_kept_when_the_reserve_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = rules.RESERVE_BYTES + 1500
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=free, f_frsize=1))
    writer = SpoolWriter(tmp_path / "upload", create=True)
    writer.write(bytes(1000))
    free -= 1000
    with pytest.raises(NoRoom, match="kept"):
        writer.write(bytes(1000))
    assert writer.offset == 1000
    writer.close()
    assert (tmp_path / "upload").stat().st_size == 1000
