"""State of a database's schema: older, current, or of a newer version."""

import pytest
from sqlalchemy import text

from server.core.commands import sentence
from storage.database import migrations
from storage.database.engine import Database
from storage.database.migrations import Schema, SchemaTooNew


async def test_schema_of_a_newer_version_is_left_alone(empty_database: Database) -> None:
    assert await migrations.schema(empty_database) is Schema.OLDER
    await migrations.upgrade(empty_database, "0001")
    assert await migrations.schema(empty_database) is Schema.OLDER
    await migrations.upgrade(empty_database)
    assert await migrations.schema(empty_database) is Schema.CURRENT
    async with empty_database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await migrations.schema(empty_database) is Schema.NEWER
    with pytest.raises(SchemaTooNew) as refused:
        await migrations.upgrade(empty_database)
    assert "newer version" in (sentence(refused.value) or "")
