"""Large objects that a killed process was sending: their parts go, and nothing else does."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from minio import Minio
from structlog.testing import capture_logs

from storage.objects import s3
from storage.objects.s3 import S3Store
from storage.objects.s3_answers import meaning
from storage.objects.s3_bucket import Bucket
from tests.fixtures.objects import S3Server
from tests.fixtures.uploads import eventually

SENDS = """
import asyncio, sys
from pathlib import Path
from tests.fixtures.objects import S3Server
store = S3Server(*sys.argv[1:4]).store()
asyncio.run(store.put_file(sys.argv[4], Path(sys.argv[5]), "video/mp4"))
"""


class Parts:
    """What lies in the bucket and no listing of objects shows."""

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
def parts(s3_server: S3Server, s3_store: S3Store) -> Parts:
    parts = Parts(s3_server)
    parts.clear()
    return parts


@pytest.mark.faults
async def test_what_a_killed_process_was_sending_goes_when_it_is_old(
    s3_server: S3Server, s3_store: S3Store, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big, key = tmp_path / "big", "originals/l/u.mp4"
    with big.open("wb") as file:
        file.truncate(2 * 2**30)  # a hole
    server = (s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SENDS, *server, key, str(big))
    await eventually(lambda: parts.keys() == [key])
    process.kill()
    await process.wait()
    await s3_store.check()
    assert parts.keys() == [key]  # it might still be at work
    monkeypatch.setattr(s3, "STALE", timedelta(seconds=-5))
    await s3_store.check()
    assert parts.keys() == [key]  # looked through a moment ago
    later = s3_server.store()
    await later.check()
    await later.close()
    assert parts.keys() == []


async def test_only_what_is_ours_goes(
    s3_store: S3Store, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "STALE", timedelta(seconds=-5))
    for key in ("originals/l/u.mp4", "videos/v/normalised.mkv", "backups/tape.tar"):
        parts.begin(key)
    await s3_store.check()
    assert parts.keys() == ["backups/tape.tar"]
    parts.clear()


async def test_one_that_ended_meanwhile_is_no_error(
    s3_store: S3Store, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "STALE", timedelta(seconds=-5))
    for number in range(2):
        parts.begin(f"originals/l/{number}.mp4")
    abort = Minio._abort_multipart_upload

    def twice(self: Minio, bucket: str, key: str, upload_id: str) -> None:
        abort(self, bucket, key, upload_id)
        abort(self, bucket, key, upload_id)

    monkeypatch.setattr(Minio, "_abort_multipart_upload", twice)
    with capture_logs() as said:
        await s3_store.check()
    assert said == []
    assert parts.keys() == []


@pytest.mark.parametrize("refusal", [("AccessDenied", 403), ("NotImplemented", 501)])
async def test_a_store_that_refuses_to_tell_is_used_all_the_same(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch, refusal: tuple[str, int]
) -> None:
    def refuse(*_: object) -> None:
        raise meaning("originals/", *refusal, "Not here.")

    monkeypatch.setattr(Bucket, "abort_uploads", refuse)
    with capture_logs() as said:
        await s3_store.check()
        await s3_store.check()
    assert [line["event"] for line in said] == [
        "unfinished uploads in the object store were not looked through"
    ]
