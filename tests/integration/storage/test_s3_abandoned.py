"""Stale multipart uploads of killed processes are aborted, and nothing else is deleted."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from minio import Minio
from structlog.testing import capture_logs

from storage.objects import s3
from storage.objects.s3 import S3Store
from storage.objects.s3_answers import store_error
from storage.objects.s3_bucket import Bucket
from tests.fixtures.objects import S3Server
from tests.fixtures.waiting import wait_until

UPLOAD_SCRIPT = """
import asyncio, sys
from pathlib import Path
from tests.fixtures.objects import S3Server
store = S3Server(*sys.argv[1:4]).store()
asyncio.run(store.put_file(sys.argv[4], Path(sys.argv[5]), "video/mp4"))
"""


class MultipartUploads:
    """Unfinished multipart uploads in the bucket, which no object listing shows."""

    def __init__(self, server: S3Server) -> None:
        host = server.endpoint.removeprefix("http://")
        self._client = Minio(host, server.access_key, server.secret_key, secure=False, region="us-east-1")
        self._bucket = server.bucket

    def keys(self) -> list[str]:
        return [found.object_name for found in self._client._list_multipart_uploads(self._bucket).uploads]

    def begin(self, key: str) -> None:
        self._client._create_multipart_upload(self._bucket, key, {})

    def clear(self) -> None:
        for found in self._client._list_multipart_uploads(self._bucket).uploads:
            self._client._abort_multipart_upload(self._bucket, found.object_name, str(found.upload_id))


@pytest.fixture
def unfinished(s3_server: S3Server, s3_store: S3Store) -> MultipartUploads:
    unfinished = MultipartUploads(s3_server)
    unfinished.clear()
    return unfinished


@pytest.mark.faults
async def test_stale_multipart_upload_of_a_killed_process_is_aborted(
    s3_server: S3Server,
    s3_store: S3Store,
    unfinished: MultipartUploads,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    big, key = tmp_path / "big", "originals/l/u.mp4"
    with big.open("wb") as file:
        file.truncate(2 * 2**30)  # sparse
    server = (s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", UPLOAD_SCRIPT, *server, key, str(big)
    )
    await wait_until(lambda: unfinished.keys() == [key])
    process.kill()
    await process.wait()
    await s3_store.check()
    assert unfinished.keys() == [key]  # not stale: its process might still be running
    monkeypatch.setattr(s3, "STALE", timedelta(seconds=-5))
    await s3_store.check()
    assert unfinished.keys() == [key]  # the last sweep was less than SWEEP_EVERY ago
    later = s3_server.store()
    await later.check()
    await later.close()
    assert unfinished.keys() == []


async def test_multipart_uploads_outside_our_prefixes_are_kept(
    s3_store: S3Store, unfinished: MultipartUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "STALE", timedelta(seconds=-5))
    for key in ("originals/l/u.mp4", "videos/v/normalised.mkv", "backups/tape.tar"):
        unfinished.begin(key)
    await s3_store.check()
    assert unfinished.keys() == ["backups/tape.tar"]
    unfinished.clear()


async def test_multipart_upload_that_ended_meanwhile_is_ignored(
    s3_store: S3Store, unfinished: MultipartUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "STALE", timedelta(seconds=-5))
    for number in range(2):
        unfinished.begin(f"originals/l/{number}.mp4")
    abort = Minio._abort_multipart_upload

    def abort_twice(self: Minio, bucket: str, key: str, upload_id: str) -> None:
        abort(self, bucket, key, upload_id)
        abort(self, bucket, key, upload_id)

    monkeypatch.setattr(Minio, "_abort_multipart_upload", abort_twice)
    with capture_logs() as logged:
        await s3_store.check()
    assert logged == []
    assert unfinished.keys() == []


@pytest.mark.parametrize("refusal", [("AccessDenied", 403), ("NotImplemented", 501)])
async def test_store_that_refuses_the_sweep_stays_usable(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch, refusal: tuple[str, int]
) -> None:
    def refuse(*_: object) -> None:
        raise store_error("originals/", *refusal, "Not here.")

    monkeypatch.setattr(Bucket, "abort_uploads", refuse)
    with capture_logs() as logged:
        await s3_store.check()
        await s3_store.check()
    assert [line["event"] for line in logged] == ["multipart upload sweep failed"]
