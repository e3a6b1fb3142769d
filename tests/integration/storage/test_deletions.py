"""Objects that no row names any more: noted with the rows, deleted later, once or twice."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import deletions
from storage.database.engine import Database
from storage.database.tables import ObjectDeletion
from storage.objects.folder import FolderStore
from storage.objects.store import ObjectStore, StoreUnavailable
from tests.fixtures.database import on_both_databases
from tests.fixtures.powercut import Disk
from tests.integration.storage.test_object_stores import KIND, names

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def noted(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(await session.scalars(select(ObjectDeletion.prefix)))


@on_both_databases
async def test_what_is_due_goes_and_the_rest_stays(database: Database, store: ObjectStore) -> None:
    for key in ("videos/a/1", "videos/a/b/2", "videos/ab/3", "originals/l/u.mp4", "originals/l/u2.mp4"):
        await store.put_bytes(key, b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/", "originals/l/u.mp4"], NOW)
        await deletions.schedule(session, ["videos/a/"], NOW)  # twice is the same as once
        await deletions.schedule(session, ["videos/ab/"], NOW + timedelta(seconds=1))
    assert await deletions.purge_due(database, store, NOW) == 2
    assert await names(store) == ["originals/l/u2.mp4", "videos/ab/3"]
    assert await noted(database) == ["videos/ab/"]
    assert await deletions.purge_due(database, store, NOW) == 0


async def test_two_sweepers_at_once_do_no_harm(database: Database, store: ObjectStore) -> None:
    for number in range(20):
        await store.put_bytes(f"videos/{number}/s", b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, [f"videos/{number}/" for number in range(20)], NOW)
    await asyncio.gather(*(deletions.purge_due(database, store, NOW) for _ in range(2)))
    assert await names(store) == []
    assert await noted(database) == []


async def test_a_power_cut_brings_back_no_row_whose_objects_went(
    database: Database, folder_store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(database, tmp_path / "disk", monkeypatch)
    await folder_store.put_bytes("videos/a/1", b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/"], NOW)
    delete_prefix = folder_store.delete_prefix

    async def cut(prefix: str) -> int:
        async with disk.after_a_power_cut() as left:
            assert await noted(left) == ["videos/a/"]
        return await delete_prefix(prefix)

    monkeypatch.setattr(folder_store, "delete_prefix", cut)
    assert await deletions.purge_due(database, folder_store, NOW) == 1
    assert await names(folder_store) == []


@pytest.mark.parametrize("error", [StoreUnavailable("The disk does not answer."), ValueError("a link")])
async def test_one_that_cannot_go_keeps_no_other(
    database: Database, folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    keys = [f"videos/{name}/1" for name in "abc"]
    for key in keys:
        await folder_store.put_bytes(key, b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/", "videos/b/", "videos/c/"], NOW)
    delete_prefix = folder_store.delete_prefix

    async def refuse_first(prefix: str) -> int:
        if prefix == "videos/a/":
            raise error
        return await delete_prefix(prefix)

    monkeypatch.setattr(folder_store, "delete_prefix", refuse_first)
    assert await deletions.purge_due(database, folder_store, NOW) == 2
    assert await names(folder_store) == ["videos/a/1"]
    assert await noted(database) == ["videos/a/"]


async def test_a_mark_renewed_meanwhile_stays(
    database: Database, folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def renew(prefix: str) -> int:
        async with database.write() as session:
            await deletions.schedule(session, [prefix], NOW + deletions.GRACE)
        return 0

    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/"], NOW)
    monkeypatch.setattr(folder_store, "delete_prefix", renew)
    await deletions.purge_due(database, folder_store, NOW)
    assert await noted(database) == ["videos/a/"]


async def test_nothing_is_noted_when_the_rows_stay(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with database.write() as session:
            await deletions.schedule(session, ["videos/a/"], NOW)
            raise RuntimeError("stop")
    assert await noted(database) == []
