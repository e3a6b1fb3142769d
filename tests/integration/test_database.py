"""The engine's two promises: the schema is what the tables say, and no write is lost."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from storage.database import SQLITE_VERSION, migrations
from storage.database.engine import Database
from storage.database.sqlite import is_safe
from storage.database.tables import Institution, User


def test_sqlite_in_use_has_the_wal_fix() -> None:
    major, minor, patch = (int(part) for part in SQLITE_VERSION.split("."))
    assert is_safe((major, minor, patch))


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 3), True)],
)
def test_which_versions_are_safe(version: tuple[int, int, int], safe: bool) -> None:
    assert is_safe(version) is safe


async def test_migrated_schema_is_what_the_tables_say(database: Database) -> None:
    await migrations.upgrade(database)  # a second time changes nothing
    assert await migrations.is_current(database)
    assert await migrations.differences(database) == []


async def test_concurrent_increments_from_two_engines_are_all_kept(database: Database) -> None:
    other = Database(database.url)
    async with database.write() as session:
        session.add(Institution(id=1, name="x", day_start_hour=0))

    async def add(target: Database) -> None:
        async with target.write() as session:
            await session.execute(update(Institution).values(day_start_hour=Institution.day_start_hour + 1))

    await asyncio.gather(*(add(target) for target in (database, other) for _ in range(50)))
    await other.close()
    async with database.read() as session:
        assert await session.scalar(select(Institution.day_start_hour)) == 100


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with database.write() as session:
            session.add(User(email="a@b.c", name="A", role="learner", created_at=datetime.now(UTC)))
            await session.flush()
            raise RuntimeError("stop")
    async with database.read() as session:
        assert (await session.scalars(select(User))).all() == []


async def test_readers_cannot_write_and_moments_keep_their_zone(database: Database) -> None:
    moment = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    async with database.write() as session:
        session.add(User(email="a@b.c", name="A", role="learner", created_at=moment))
    async with database.read() as session:
        assert await session.scalar(select(User.created_at)) == moment
        with pytest.raises(OperationalError, match="readonly"):
            await session.execute(text("DELETE FROM users"))
