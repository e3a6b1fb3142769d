"""Deferred object deletion: scheduled with the row change, executed later, idempotent."""

import asyncio
from datetime import timedelta
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
from tests.integration.storage.test_object_stores import KIND, stored_keys
from tests.world.clock import START


async def scheduled(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(await session.scalars(select(ObjectDeletion.prefix)))


@on_both_databases
async def test_only_due_objects_are_deleted(database: Database, store: ObjectStore) -> None:
    for key in ("videos/a/1", "videos/a/b/2", "videos/ab/3", "originals/l/u.mp4", "originals/l/u2.mp4"):
        await store.put_bytes(key, b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/", "originals/l/u.mp4"], START)
        await deletions.schedule(session, ["videos/a/"], START)  # idempotent
        await deletions.schedule(session, ["videos/ab/"], START + timedelta(seconds=1))
    assert await deletions.purge_due(database, store, START) == 2
    assert await stored_keys(store) == ["originals/l/u2.mp4", "videos/ab/3"]
    assert await scheduled(database) == ["videos/ab/"]
    assert await deletions.purge_due(database, store, START) == 0


async def test_concurrent_purges_are_safe(database: Database, store: ObjectStore) -> None:
    for number in range(20):
        await store.put_bytes(f"videos/{number}/s", b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, [f"videos/{number}/" for number in range(20)], START)
    await asyncio.gather(*(deletions.purge_due(database, store, START) for _ in range(2)))
    assert await stored_keys(store) == []
    assert await scheduled(database) == []


async def test_power_cut_restores_no_row_of_deleted_objects(
    database: Database, folder_store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(database, tmp_path / "disk", monkeypatch)
    await folder_store.put_bytes("videos/a/1", b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/"], START)
    delete_prefix = folder_store.delete_prefix

    async def cut_power_then_delete(prefix: str) -> int:
        async with disk.after_a_power_cut() as left:
            assert await scheduled(left) == ["videos/a/"]
        return await delete_prefix(prefix)

    monkeypatch.setattr(folder_store, "delete_prefix", cut_power_then_delete)
    assert await deletions.purge_due(database, folder_store, START) == 1
    assert await stored_keys(folder_store) == []


@pytest.mark.parametrize("error", [StoreUnavailable("The disk does not answer."), ValueError("a link")])
async def test_failed_deletion_does_not_block_the_others(
    database: Database, folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    keys = [f"videos/{name}/1" for name in "abc"]
    for key in keys:
        await folder_store.put_bytes(key, b"x", KIND)
    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/", "videos/b/", "videos/c/"], START)
    delete_prefix = folder_store.delete_prefix

    async def refuse_first(prefix: str) -> int:
        if prefix == "videos/a/":
            raise error
        return await delete_prefix(prefix)

    monkeypatch.setattr(folder_store, "delete_prefix", refuse_first)
    assert await deletions.purge_due(database, folder_store, START) == 2
    assert await stored_keys(folder_store) == ["videos/a/1"]
    assert await scheduled(database) == ["videos/a/"]


async def test_deletion_rescheduled_during_purge_stays_scheduled(
    database: Database, folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reschedule(prefix: str) -> int:
        async with database.write() as session:
            await deletions.schedule(session, [prefix], START + deletions.GRACE)
        return 0

    async with database.write() as session:
        await deletions.schedule(session, ["videos/a/"], START)
    monkeypatch.setattr(folder_store, "delete_prefix", reschedule)
    await deletions.purge_due(database, folder_store, START)
    assert await scheduled(database) == ["videos/a/"]


async def test_rolled_back_transaction_schedules_no_deletion(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with database.write() as session:
            await deletions.schedule(session, ["videos/a/"], START)
            raise RuntimeError("stop")
    assert await scheduled(database) == []
