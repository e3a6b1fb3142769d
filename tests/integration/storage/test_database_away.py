"""PostgreSQL that cannot be reached: one sentence with the address and the reason, wherever it is asked."""

import pytest
from sqlalchemy import text

from server.core.commands import sentence
from storage.database import migrations
from storage.database.engine import Database, DatabaseUnreachable
from tests.fixtures.postgres import PostgresServer


@pytest.mark.parametrize(
    "address", ["media@127.0.0.1:1/media", "media@nowhere.invalid/media", "media@/media?host=/nowhere"]
)
async def test_database_that_is_away_is_named(address: str) -> None:
    """A refused connection, an unknown host and a missing socket, at a read, a write and a migration."""
    database = Database(f"postgresql+asyncpg://{address}")
    with pytest.raises(DatabaseUnreachable, match=r"cannot be reached: \S") as away:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
    with pytest.raises(DatabaseUnreachable):
        async with database.write() as session:
            await session.execute(text("SELECT 1"))
    with pytest.raises(DatabaseUnreachable):
        await migrations.upgrade(database)
    assert "SKILLSTUDIO_DATABASE_URL" in (sentence(away.value) or "")
    await database.close()


async def test_wrong_name_of_a_database_is_named(postgres_server: PostgresServer) -> None:
    database = Database(f"postgresql+asyncpg://postgres@/none?host={postgres_server.folder}")
    with pytest.raises(DatabaseUnreachable, match='database "none" does not exist'):
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
    await database.close()
