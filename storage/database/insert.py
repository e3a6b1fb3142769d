"""INSERT … ON CONFLICT on both databases: makes repeated requests idempotent.

Statements are built once for each table and set of columns: that takes longer than SQLite needs for them.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import documents
from storage.database.base import Base
from storage.database.sqlite_cursor import UNASKED


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


async def put_rows(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[dict[str, Any]],
    *,
    kept: Collection[str] = (),
    added: Collection[str] = (),
) -> None:
    """Insert rows; where the primary key exists, replace the other columns.

    Of rows that exist, columns in `kept` stay as they are, and those in `added` are added to.
    """
    if rows:
        statement = _put(_dialect(session), table, tuple(rows[0]), tuple(kept), tuple(added))
        await session.execute(statement, rows)


@lru_cache(maxsize=256)
def _put(
    dialect: str, table: type[Base], names: tuple[str, ...], kept: tuple[str, ...], added: tuple[str, ...]
) -> Any:
    stored: Any = table.__table__
    key = [column.name for column in stored.primary_key]
    new = (sqlite if dialect == "sqlite" else postgresql).insert(stored)
    changed = {
        name: stored.c[name] + new.excluded[name] if name in added else new.excluded[name]
        for name in names
        if name not in (*key, *kept)
    }
    return new.on_conflict_do_update(index_elements=key, set_=changed).execution_options(**UNASKED)


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


async def _insert(
    session: AsyncSession,
    table: type[Base],
    key: Sequence[str],
    values: dict[str, Any] | list[dict[str, Any]],
) -> list[tuple[Any, ...]]:
    stored: Any = table.__table__
    dialect = session.get_bind().dialect
    statement, parameters = _insert_new(dialect.name, table, tuple(key)), values
    if dialect.name != "sqlite" and isinstance(values, list) and documents.is_possible(stored, [*values[0]]):
        statement = _insert_document(table, tuple(key), tuple(values[0]))
        parameters = documents.document(stored, values, dialect)
    return [tuple(row) for row in await session.execute(statement, parameters)]


@lru_cache(maxsize=256)
def _insert_new(dialect: str, table: type[Base], key: tuple[str, ...]) -> Any:
    # Values as parameters: the statement is compiled once, whatever the number of rows. The table and not the
    # mapped class: mapped rows would be collected one by one.
    stored: Any = table.__table__
    return _unless_there((sqlite if dialect == "sqlite" else postgresql).insert(stored), stored, key)


@lru_cache(maxsize=256)
def _insert_document(table: type[Base], key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    stored: Any = table.__table__
    rows = select(*documents.given(stored, names).c)
    return _unless_there(postgresql.insert(stored).from_select(names, rows), stored, key)


def _unless_there(statement: Any, stored: Any, key: tuple[str, ...]) -> Any:
    columns = key or [column.name for column in stored.primary_key]
    return statement.on_conflict_do_nothing(index_elements=columns).returning(
        *(stored.c[name] for name in columns)
    )
