"""Edge cache in front of a real S3 server, over a relay that counts and cuts connections."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.core.clock import SystemClock
from server.playback.edge import EdgeCache
from storage.objects.s3 import S3Store
from storage.objects.store import ObjectMissing, ObjectStore, StoreFull, StoreUnavailable
from tests.fixtures.disk import files_of_at_most
from tests.fixtures.objects import S3Server
from tests.fixtures.relay import Relay

KIND = "video/mp4"
KIBIBYTE = 1024
SIZE = 100 * KIBIBYTE
ROOT = Path(__file__).parents[3]
FETCHING = """
import asyncio, sys
from pathlib import Path
from server.playback.edge import EdgeCache
from storage.objects.s3 import S3Store

async def main():
    endpoint, bucket, access_key, secret_key, folder, key = sys.argv[1:]
    store = S3Store(
        endpoint=endpoint, bucket=bucket, region="us-east-1", access_key=access_key, secret_key=secret_key
    )
    await EdgeCache(store, Path(folder), 2**30).path(key)

asyncio.run(main())
"""


def names(count: int) -> list[str]:
    return [f"videos/v/1080p/{number:05d}.1.m4s" for number in range(count)]


async def put_segments(store: ObjectStore, count: int, size: int = SIZE) -> dict[str, bytes]:
    segments = {key: os.urandom(size) for key in names(count)}
    await asyncio.gather(*(store.put_bytes(key, data, KIND) for key, data in segments.items()))
    return segments


def held(folder: Path) -> int:
    """Bytes of all files in the folder, including unfinished ones."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def whole(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "edge"


@pytest.fixture
async def edge(far_store: S3Store, folder: Path) -> AsyncIterator[EdgeCache]:
    edge = EdgeCache(far_store, folder, 64 * 2**20)
    yield edge
    await edge.close()


async def test_concurrent_requests_share_one_fetch(edge: EdgeCache, relay: Relay, s3_store: S3Store) -> None:
    segments = await put_segments(s3_store, 3)
    paths = await asyncio.gather(*(edge.path(key) for _ in range(64) for key in segments))
    assert len(set(paths)) == 3
    for key, data in segments.items():
        assert (await edge.path(key)).read_bytes() == data
        assert relay.gets[key] == 1


async def test_fetch_continues_when_first_request_is_cancelled(
    edge: EdgeCache, relay: Relay, s3_store: S3Store
) -> None:
    [(key, data)] = (await put_segments(s3_store, 1)).items()
    relay.open.clear()
    first, second = asyncio.create_task(edge.path(key)), asyncio.create_task(edge.path(key))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    relay.open.set()
    assert (await second).read_bytes() == data
    assert relay.gets[key] == 1


async def test_failed_fetch_is_retried_by_next_request(
    edge: EdgeCache, relay: Relay, s3_store: S3Store
) -> None:
    with pytest.raises(ObjectMissing):
        await edge.path(names(1)[0])
    [(key, data)] = (await put_segments(s3_store, 1)).items()
    assert (await edge.path(key)).read_bytes() == data


async def test_least_recently_used_file_is_evicted_first(
    far_store: S3Store, relay: Relay, folder: Path
) -> None:
    edge = EdgeCache(far_store, folder, 5 * SIZE)
    keys = list(await put_segments(far_store, 7))
    relay.gets.clear()
    for key in keys[:5]:
        await edge.path(key)
    await edge.path(keys[0])  # used again, so it stays
    for key in keys[5:]:
        await edge.path(key)
        assert held(folder) <= 5 * SIZE
    await edge.path(keys[0])
    assert relay.gets[keys[0]] == 1
    await edge.path(keys[1])
    assert relay.gets[keys[1]] == 2


async def test_cap_is_never_exceeded(far_store: S3Store, folder: Path) -> None:
    edge = EdgeCache(far_store, folder, 4 * SIZE)
    segments = await put_segments(far_store, 24)
    folder.mkdir()
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, held_now(folder))
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(edge.path(key) for key in segments))
    watching.cancel()
    assert 0 < peak <= 4 * SIZE


def held_now(folder: Path) -> int:
    """Like `held`, for a folder whose files change meanwhile."""
    total = 0
    for path in folder.iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


async def test_object_larger_than_cap_is_refused_and_others_stay(far_store: S3Store, folder: Path) -> None:
    edge = EdgeCache(far_store, folder, 2 * SIZE)
    [key] = await put_segments(far_store, 1)
    path = await edge.path(key)
    await far_store.put_bytes("videos/v/large", bytes(2 * SIZE + 1), KIND)
    with pytest.raises(StoreFull, match="do not fit"):
        await edge.path("videos/v/large")
    assert whole(folder) == [path]


async def test_restart_keeps_and_counts_the_folder(far_store: S3Store, relay: Relay, folder: Path) -> None:
    segments = await put_segments(far_store, 5)
    before = EdgeCache(far_store, folder, 10 * SIZE)
    for key in list(segments)[:4]:
        await before.path(key)
    await before.close()
    partial, fresh = folder / ".died.part", folder / ".under-way.part"
    partial.write_bytes(b"half")
    fresh.write_bytes(b"of another process")
    os.utime(partial, (SystemClock().now().timestamp() - 7200,) * 2)
    relay.gets.clear()
    after = EdgeCache(far_store, folder, 4 * SIZE)  # with a cap that was lowered
    assert (await after.path(names(4)[3])).read_bytes() == segments[names(4)[3]]
    assert relay.gets.total() == 0
    await after.path(names(5)[4])
    assert sum(path.stat().st_size for path in whole(folder)) <= 4 * SIZE
    assert not partial.exists()
    assert fresh.exists()


async def test_partial_object_is_never_served(relay: Relay, s3_store: S3Store, folder: Path) -> None:
    [(key, data)] = (await put_segments(s3_store, 1, size=600 * KIBIBYTE)).items()
    store = relay.store(retries=1)
    edge = EdgeCache(store, folder, 2**30)
    relay.cut_after, relay.cut_for_good = 200 * KIBIBYTE, True
    with pytest.raises(StoreUnavailable):
        await edge.path(key)
    assert list(folder.iterdir()) == []
    relay.cut_after = None
    assert (await edge.path(key)).read_bytes() == data
    await store.close()


async def test_fetch_resumes_after_broken_connections(
    edge: EdgeCache, relay: Relay, s3_store: S3Store
) -> None:
    """Each connection delivers a part; the next continues from there."""
    [(key, data)] = (await put_segments(s3_store, 1, size=900 * KIBIBYTE)).items()
    relay.cut_after = 300 * KIBIBYTE
    assert (await edge.path(key)).read_bytes() == data
    assert relay.gets[key] >= 3


async def test_killed_fetch_leaves_no_served_file(
    relay: Relay, s3_server: S3Server, s3_store: S3Store, folder: Path
) -> None:
    [(key, data)] = (await put_segments(s3_store, 1, size=4096 * KIBIBYTE)).items()
    relay.cut_after = 4_000_000
    arguments = (relay.endpoint, s3_server.bucket, s3_server.access_key, s3_server.secret_key, folder, key)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", FETCHING, *arguments, cwd=ROOT)
    await until(lambda: folder.is_dir() and held_now(folder) > 0)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    relay.cut_after = None
    left = list(folder.iterdir())
    assert len(left) == 1
    assert left[0].stat().st_size < len(data)
    edge = EdgeCache(s3_store, folder, 2**30)
    assert (await edge.path(key)).read_bytes() == data


async def test_full_disk_evicts_once_then_raises(far_store: S3Store, folder: Path) -> None:
    edge = EdgeCache(far_store, folder, 2**30)
    segments = await put_segments(far_store, 4)
    for key in segments:
        await edge.path(key)
    await far_store.put_bytes("videos/v/next", os.urandom(SIZE), KIND)
    with files_of_at_most(SIZE // 2), pytest.raises(StoreFull):
        await edge.path("videos/v/next")
    assert 0 < len(whole(folder)) <= 2  # half of the held bytes was evicted
    assert [path for path in folder.iterdir() if path.name.startswith(".")] == []
    assert (await edge.path("videos/v/next")).stat().st_size == SIZE


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def test_image_that_was_made_again_is_fetched_again(
    edge: EdgeCache, relay: Relay, s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key has no attempt in it. While the store is away, the copy is sent."""
    key = "videos/v/poster.jpg"
    await s3_store.put_bytes(key, b"damaged", "image/jpeg")
    assert (await edge.path(key)).read_bytes() == b"damaged"
    gets = relay.gets[key]
    assert (await edge.path(key)).read_bytes() == b"damaged"
    assert relay.gets[key] == gets
    await asyncio.sleep(1.1)  # S3 tells times in seconds
    await s3_store.put_bytes(key, b"mended", "image/jpeg")
    monkeypatch.setattr("server.playback.edge.IMAGE_SECONDS", 0.0)
    assert (await edge.path(key)).read_bytes() == b"mended"
    monkeypatch.setattr(edge.store, "stat", _away)
    assert (await edge.path(key)).read_bytes() == b"mended"


async def _away(_key: str) -> None:
    raise StoreUnavailable("The object store cannot be reached.")
