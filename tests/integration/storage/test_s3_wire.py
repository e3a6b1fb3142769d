"""S3 store over a failing connection: complete objects or a clear error, never a partial object."""

import os
import time
from pathlib import Path

import pytest

from storage.objects.s3 import S3Store
from storage.objects.store import StoreRefused, StoreUnavailable
from tests.fixtures.objects import S3Server
from tests.fixtures.relay import Relay

KIND = "video/mp4"


async def test_read_resumes_after_a_disconnect(relay: Relay, far_store: S3Store, tmp_path: Path) -> None:
    data = os.urandom(1_500_000)
    await far_store.put_bytes("a/b", data, KIND)
    relay.cut_after = 400_000
    assert await far_store.get_bytes("a/b") == data
    await far_store.fetch("a/b", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert (
        b"".join([piece async for piece in far_store.stream("a/b", 700_000, 600_000)])
        == data[700_000:1_300_000]
    )


async def test_dead_connection_fails_fast_and_leaves_no_file(
    relay: Relay, s3_store: S3Store, tmp_path: Path
) -> None:
    await s3_store.put_bytes("a/b", b"kept", KIND)
    store = relay.store(retries=1)
    relay.cut_after = 0
    begun = time.monotonic()
    for call in (
        store.put_bytes("a/b", b"new", KIND),
        store.get_bytes("a/b"),
        store.fetch("a/b", tmp_path / "copy"),
        store.stat("a/b"),
        store.delete("a/other"),
        store.delete_prefix("other/"),
        store.check(),
    ):
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await call
    assert time.monotonic() - begun < 30
    assert list(tmp_path.glob("*copy*")) == []
    relay.cut_after = None
    assert await store.get_bytes("a/b") in (b"kept", b"new")  # stored, only the response was lost
    await store.close()


async def test_wrong_secret_key_is_told_at_once_and_waited_for(s3_server: S3Server) -> None:
    store = S3Store(
        endpoint=s3_server.endpoint,
        bucket=s3_server.bucket,
        region="us-east-1",
        access_key=s3_server.access_key,
        secret_key="wrong",
    )
    with pytest.raises(StoreRefused, match="does not accept the access key"):
        await store.check()
    await store.close()
