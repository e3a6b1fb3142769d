"""INSERT … ON CONFLICT DO NOTHING on both databases: makes repeated requests idempotent."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import Base


async def insert_new(
    session: AsyncSession, table: type[Base], key: Sequence[str] = (), **values: Any
) -> bool:
    """Insert a row unless its key exists. True when a row was added.

    `key` names the columns of a unique constraint; empty: the primary key.
    """
    columns = list(key) or [column.name for column in table.__table__.primary_key]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing(index_elements=columns)
    found = await session.execute(statement.returning(*(getattr(table, name) for name in columns)))
    return found.first() is not None
