"""Insert where it is not there yet: what makes a repeated request harmless, on both databases."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import Base


async def insert_new(session: AsyncSession, table: type[Base], **values: Any) -> bool:
    """Whether a row was added; False when one with the same key was there. Wants every primary key column."""
    keys = [column.name for column in table.__table__.primary_key]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing(index_elements=keys)
    found = await session.execute(statement.returning(*(getattr(table, key) for key in keys)))
    return found.first() is not None
