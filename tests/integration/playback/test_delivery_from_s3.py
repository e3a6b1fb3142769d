"""Media delivery at /m/ from an S3 store, through the edge folder or streamed."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import httpx
import pytest

from server.core.signing_keys import live_keys
from server.playback.service import media_root
from server.playback.signing import PURPOSE
from server.settings import Settings
from storage.database.engine import Database
from storage.objects import keys
from storage.objects.s3 import S3Store
from tests.fixtures.disk import files_of_at_most
from tests.fixtures.relay import Relay
from tests.fixtures.web import HeldClock

SIZE = 500_000  # bytes of the segment
ROOM = 800_000  # bytes of the edge folder
VIDEO = "v" * 32


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, edge_bytes=ROOM)


@pytest.fixture
def folder_store(far_store: S3Store) -> S3Store:
    """S3 server as the application's store, instead of the folder."""
    return far_store


@pytest.fixture
async def root(database: Database, held_clock: HeldClock) -> str:
    now = held_clock.now()
    return media_root((await live_keys(database, PURPOSE, now))[0], VIDEO, "u", now, 60.0)


async def put_segment(store: S3Store, number: int, size: int = SIZE) -> bytes:
    data = os.urandom(size)
    await store.put_bytes(keys.segment(VIDEO, "720p", number, 1), data, "video/mp4")
    return data


def segment_url(root: str, number: int) -> str:
    return f"{root}720p/{keys.segment_name(number, 1)}"


async def test_concurrent_requests_cost_one_fetch(
    client: httpx.AsyncClient, root: str, s3_store: S3Store, relay: Relay, tmp_path: Path
) -> None:
    data = await put_segment(s3_store, 0)
    answers = await asyncio.gather(*(client.get(segment_url(root, 0)) for _ in range(30)))
    assert all((answer.status_code, answer.content) == (200, data) for answer in answers)
    assert relay.gets.total() == 1
    part = await client.get(segment_url(root, 0), headers={"Range": "bytes=-10"})
    assert (part.status_code, part.content) == (206, data[-10:])
    assert relay.gets.total() == 1
    assert (await client.get(segment_url(root, 1))).status_code == 404


async def test_object_larger_than_the_folder_is_streamed(
    client: httpx.AsyncClient, root: str, s3_store: S3Store, settings: Settings
) -> None:
    data = await put_segment(s3_store, 0, size=ROOM + 1)
    answer = await client.get(segment_url(root, 0))
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["cache-control"] == "no-store"
    head = await client.head(segment_url(root, 0))
    assert (head.headers["content-length"], head.content) == (str(ROOM + 1), b"")
    assert not settings.edge_folder.exists()


async def test_full_disk_does_not_stop_playback(
    client: httpx.AsyncClient, root: str, s3_store: S3Store, settings: Settings
) -> None:
    data = await put_segment(s3_store, 0)
    await client.get("/health/live")  # opens everything that the first request opens
    with files_of_at_most(SIZE // 2):
        answer = await client.get(segment_url(root, 0))
    assert (answer.status_code, answer.content) == (200, data)
    assert list(settings.edge_folder.iterdir()) == []
    assert (await client.get(segment_url(root, 0))).content == data
    assert len(list(settings.edge_folder.iterdir())) == 1


async def test_unreachable_store_is_503_and_cached_segments_still_play(
    client: httpx.AsyncClient, root: str, s3_store: S3Store, relay: Relay
) -> None:
    cached, _uncached = await put_segment(s3_store, 0), await put_segment(s3_store, 1)
    assert (await client.get(segment_url(root, 0))).content == cached
    relay.cut_after = 0
    assert (await client.get(segment_url(root, 0))).content == cached
    answer = await client.get(segment_url(root, 1))
    assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (503, b"", "2")


async def test_deleted_edge_folder_is_filled_again(
    client: httpx.AsyncClient, root: str, s3_store: S3Store, relay: Relay, settings: Settings
) -> None:
    data = await put_segment(s3_store, 0)
    assert (await client.get(segment_url(root, 0))).content == data
    rmtree(settings.edge_folder)
    for _ in range(2):
        answer = await client.get(segment_url(root, 0))
        assert (answer.status_code, answer.content) == (200, data)
    assert len(list(settings.edge_folder.iterdir())) == 1
    assert relay.gets.total() == 2


async def test_unusable_edge_folder_does_not_stop_playback(
    client: httpx.AsyncClient, root: str, s3_store: S3Store, settings: Settings
) -> None:
    """A file in its place, as a folder without rights: objects are streamed from the store meanwhile."""
    data = await put_segment(s3_store, 0)
    settings.edge_folder.parent.mkdir()
    settings.edge_folder.write_text("not a folder")
    answer = await client.get(segment_url(root, 0))
    assert (answer.status_code, answer.content) == (200, data)
    assert (await client.get(segment_url(root, 1))).status_code == 404
    settings.edge_folder.unlink()
    assert (await client.get(segment_url(root, 0))).content == data
    assert len(list(settings.edge_folder.iterdir())) == 1
