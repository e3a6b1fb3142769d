"""Object store contract, run on a folder and on a real S3 server."""

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from server.core.clock import SystemClock
from storage.objects.store import ObjectMissing, ObjectStore

KIND = "application/octet-stream"
MEBIBYTE = 2**20


async def stored_keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return sorted([item.key async for item in store.list(prefix)])


async def test_put_object_can_be_read_back(store: ObjectStore) -> None:
    before = SystemClock().now() - timedelta(seconds=2)  # S3 reports whole seconds
    put = await store.put_bytes("videos/v/poster.jpg", b"picture", "image/jpeg")
    assert (put.key, put.size) == ("videos/v/poster.jpg", 7)
    assert before <= put.modified <= SystemClock().now() + timedelta(seconds=2)
    assert await store.get_bytes("videos/v/poster.jpg") == b"picture"
    found = await store.stat("videos/v/poster.jpg")
    assert found is not None
    assert (found.key, found.size) == (put.key, put.size)


async def test_second_put_replaces_the_object(store: ObjectStore) -> None:
    await store.put_bytes("a/b", b"a long first one", KIND)
    await store.put_bytes("a/b", b"second", KIND)
    assert await store.get_bytes("a/b") == b"second"


async def test_empty_object_is_stored(store: ObjectStore, tmp_path: Path) -> None:
    assert (await store.put_bytes("a/empty", b"", KIND)).size == 0
    assert await store.get_bytes("a/empty") == b""
    assert [piece async for piece in store.stream("a/empty")] == []
    assert (await store.fetch("a/empty", tmp_path / "empty")).size == 0
    assert (tmp_path / "empty").read_bytes() == b""


async def test_missing_object_raises_object_missing(store: ObjectStore, tmp_path: Path) -> None:
    await store.put_bytes("a/folder/b", b"x", KIND)
    for key in ("nothing", "a/nothing", "a/folder", "a/folder/b/c"):
        assert await store.stat(key) is None
        with pytest.raises(ObjectMissing):
            await store.get_bytes(key)
        with pytest.raises(ObjectMissing):
            await store.fetch(key, tmp_path / "copy")
        with pytest.raises(ObjectMissing):
            await anext(store.stream(key))
    assert not (tmp_path / "copy").exists()
    assert [path for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, slice(None)),
        (0, 1, slice(0, 1)),
        (700_000, None, slice(700_000, None)),
        (262_143, 262_146, slice(262_143, 524_289)),
        (799_999, 5, slice(799_999, None)),
        (800_000, None, slice(0, 0)),
        (900_000, 3, slice(0, 0)),
        (5, 0, slice(0, 0)),
    ],
)
async def test_stream_returns_exactly_the_range(
    store: ObjectStore, start: int, length: int | None, expected: slice
) -> None:
    data = os.urandom(800_000)
    await store.put_bytes("a/b", data, KIND)
    got = b"".join([piece async for piece in store.stream("a/b", start, length)])
    assert got == data[expected]


async def test_abandoned_streams_release_their_connections(store: ObjectStore) -> None:
    await store.put_bytes("a/b", os.urandom(3 * MEBIBYTE), KIND)
    for _ in range(20):  # more than the connection pool holds
        stream = store.stream("a/b")
        assert await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]  # it is an async generator
    assert (await store.stat("a/b")) is not None


async def test_list_filters_by_prefix(store: ObjectStore) -> None:
    keys = ["a-b", "a/b", "a/b.c", "a/c/d", "a0", "ab/c", "b"]
    for key in keys:
        await store.put_bytes(key, key.encode(), KIND)
    assert await stored_keys(store) == sorted(keys)
    assert await stored_keys(store, "a/") == ["a/b", "a/b.c", "a/c/d"]
    assert await stored_keys(store, "a/b") == ["a/b", "a/b.c"]
    assert await stored_keys(store, "a") == ["a-b", "a/b", "a/b.c", "a/c/d", "a0", "ab/c"]
    assert await stored_keys(store, "a/c/") == ["a/c/d"]
    assert await stored_keys(store, "zebra/") == []
    assert [item.size async for item in store.list("a/c")] == [5]


async def test_list_and_delete_prefix_handle_several_pages(store: ObjectStore) -> None:
    keys = [f"videos/v/{number:05d}" for number in range(1_100)]
    for start in range(0, len(keys), 50):
        await asyncio.gather(*(store.put_bytes(key, b"x", KIND) for key in keys[start : start + 50]))
    await store.put_bytes("videos/v2/keep", b"x", KIND)
    assert await stored_keys(store, "videos/v/") == keys
    assert await store.delete_prefix("videos/v/") == 1_100
    assert await stored_keys(store) == ["videos/v2/keep"]
    assert await store.delete_prefix("videos/v/") == 0


async def test_delete_is_idempotent(store: ObjectStore) -> None:
    await store.put_bytes("a/b", b"x", KIND)
    await store.delete("a/b")
    await store.delete("a/b")
    await store.delete("never/was")
    assert await store.stat("a/b") is None


@pytest.mark.parametrize("prefix", ["", "/", "videos", "videos/v1", "../", "videos//"])
async def test_delete_prefix_accepts_whole_folders_only(store: ObjectStore, prefix: str) -> None:
    await store.put_bytes("videos/v1/a", b"x", KIND)
    with pytest.raises(ValueError, match=r"slash|name of an object"):
        await store.delete_prefix(prefix)
    assert await stored_keys(store) == ["videos/v1/a"]


UNSAFE_KEYS = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a/./b",
    "a//b",
    "a/",
    ".hidden",
    "a/.incoming/b",
    "a\\..\\b",
]
UNSAFE_KEYS += ["a\0b", "a\nb", "a" * 256, "a/" * 600 + "b", "\ud800", "a/\x7f"]


@pytest.mark.parametrize("key", UNSAFE_KEYS)
async def test_unsafe_key_is_refused(store: ObjectStore, tmp_path: Path, key: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for call in (
        lambda: store.put_bytes(key, b"x", KIND),
        lambda: store.put_file(key, source, KIND),
        lambda: store.adopt_file(key, source, KIND),
        lambda: store.get_bytes(key),
        lambda: store.fetch(key, tmp_path / "to"),
        lambda: anext(store.stream(key)),
        lambda: store.stat(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(ValueError):
            await call()
    with pytest.raises(ValueError):
        store.local_path(key)
    assert source.read_bytes() == b"x"
    assert await stored_keys(store) == []


@pytest.mark.parametrize("prefix", ["../", "/", "a/../", "a/../../b", ".incoming/"])
async def test_unsafe_prefix_is_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(ValueError):
        await stored_keys(store, prefix)


@pytest.mark.parametrize("key", ["originals/Vorlesung Übung 1.mp4", "日本語/講義.m4s", "a/+%2F&=?#;'\"~!*()"])
async def test_unusual_keys_round_trip(store: ObjectStore, key: str) -> None:
    await store.put_bytes(key, key.encode(), KIND)
    assert await store.get_bytes(key) == key.encode()
    assert await stored_keys(store) == [key]
    await store.delete(key)
    assert await stored_keys(store) == []


async def test_large_file_is_transferred_in_bounded_memory(store: ObjectStore, tmp_path: Path) -> None:
    block, source = os.urandom(MEBIBYTE), tmp_path / "source"
    with source.open("wb") as file:
        for number in range(70):
            file.write(number.to_bytes(2) + block[2:])
        file.write(b"a tail")
    digest = hashlib.sha256(source.read_bytes()).digest()
    tracemalloc.start()
    try:
        info = await store.put_file("originals/l/u.mp4", source, "video/mp4")
        got = await store.fetch("originals/l/u.mp4", tmp_path / "copy")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert info.size == got.size == 70 * MEBIBYTE + 6
    assert hashlib.sha256((tmp_path / "copy").read_bytes()).digest() == digest
    assert peak < 40 * MEBIBYTE
    assert b"".join([piece async for piece in store.stream("originals/l/u.mp4", 70 * MEBIBYTE)]) == b"a tail"


async def test_concurrent_puts_leave_one_complete_object(store: ObjectStore) -> None:
    bodies = {bytes([number]) * (300_000 + number) for number in range(12)}
    await asyncio.gather(*(store.put_bytes("a/b", body, KIND) for body in bodies))
    assert await store.get_bytes("a/b") in bodies
    assert await stored_keys(store) == ["a/b"]


async def test_concurrent_puts_and_deletes_in_one_folder_succeed(store: ObjectStore) -> None:
    async def put_and_delete(number: int) -> None:
        for _ in range(10):
            await store.put_bytes(f"v/f/{number}", b"x", KIND)
            await store.delete(f"v/f/{number}")

    await asyncio.gather(*(put_and_delete(number) for number in range(8)))
    assert await stored_keys(store) == []


async def test_cancelled_put_leaves_no_object(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(400 * MEBIBYTE)  # sparse: the source uses no disk space
    writing = asyncio.create_task(store.put_file("originals/l/big", source, KIND))
    await asyncio.sleep(0.05)
    assert not writing.done()
    started = asyncio.get_running_loop().time()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert asyncio.get_running_loop().time() - started < 1
    await asyncio.sleep(1)
    assert await stored_keys(store) == []
    assert await store.stat("originals/l/big") is None


async def test_cancelled_fetch_leaves_no_file(store: ObjectStore, tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "to"
    folder.mkdir()
    with source.open("wb") as file:
        file.truncate(100 * MEBIBYTE)
    await store.put_file("a/big", source, KIND)
    fetching = asyncio.create_task(store.fetch("a/big", folder / "big"))
    await until(lambda: bool(list(folder.iterdir())))
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await until(lambda: not list(folder.iterdir()))


async def test_check_leaves_no_object(store: ObjectStore) -> None:
    await store.check()
    await store.check()
    assert await stored_keys(store) == []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)
