"""Objects that no row names any more: noted with the rows, deleted later, once or twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from storage import deletions
from storage.database.engine import Database
from storage.database.tables import ObjectDeletion
from storage.objects.store import ObjectStore
from tests.fixtures.database import on_both_databases
from tests.integration.test_object_stores import KIND, names

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def noted(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(await session.scalars(select(ObjectDeletion.prefix)))


@on_both_databases
async def test_what_is_due_goes_and_the_rest_stays(database: Database, store: ObjectStore) -> None:
    for key in ("videos/a/1", "videos/a/b/2", "videos/ab/3", "originals/l/u.mp4", "originals/l/u2.mp4"):
        await store.put_bytes(key, b"x", KIND)
    async with database.write() as session:
        await deletions.mark(session, ["videos/a/", "originals/l/u.mp4"], NOW)
        await deletions.mark(session, ["videos/a/"], NOW)  # twice is the same as once
        await deletions.mark(session, ["videos/ab/"], NOW + timedelta(seconds=1))
    assert await deletions.carry_out(database, store, NOW) == 2
    assert await names(store) == ["originals/l/u2.mp4", "videos/ab/3"]
    assert await noted(database) == ["videos/ab/"]
    assert await deletions.carry_out(database, store, NOW) == 0


async def test_two_sweepers_at_once_do_no_harm(database: Database, store: ObjectStore) -> None:
    for number in range(20):
        await store.put_bytes(f"videos/{number}/s", b"x", KIND)
    async with database.write() as session:
        await deletions.mark(session, [f"videos/{number}/" for number in range(20)], NOW)
    await asyncio.gather(*(deletions.carry_out(database, store, NOW) for _ in range(2)))
    assert await names(store) == []
    assert await noted(database) == []


async def test_nothing_is_noted_when_the_rows_stay(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with database.write() as session:
            await deletions.mark(session, ["videos/a/"], NOW)
            raise RuntimeError("stop")
    assert await noted(database) == []
