"""INSERT … ON CONFLICT on both databases: makes repeated requests idempotent."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import Base


def insert_for(session: AsyncSession, table: Any) -> Any:
    """INSERT of the session's database, which knows `on_conflict_do_update`."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


async def insert_new(
    session: AsyncSession, table: type[Base], key: Sequence[str] = (), **values: Any
) -> bool:
    """Insert a row unless its key exists. True when a row was added.

    `key` names the columns of a unique constraint; empty: the primary key.
    """
    return bool(await _insert(session, table, key, values))


async def insert_new_rows(
    session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]], key: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """Insert many rows in one statement, in their order; the keys of those that were added."""
    return await _insert(session, table, key, list(rows)) if rows else []


async def _insert(
    session: AsyncSession,
    table: type[Base],
    key: Sequence[str],
    values: dict[str, Any] | list[dict[str, Any]],
) -> list[tuple[Any, ...]]:
    columns = list(key) or [column.name for column in table.__table__.primary_key]
    # Values as parameters: the statement is compiled once, whatever the number of rows. The table and not the
    # mapped class: mapped rows would be collected one by one.
    stored: Any = table.__table__
    statement = insert_for(session, stored).on_conflict_do_nothing(index_elements=columns)
    found = await session.execute(statement.returning(*(stored.c[name] for name in columns)), values)
    return [tuple(row) for row in found]
