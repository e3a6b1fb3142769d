"""Copy of a SQLite database's rows into an empty PostgreSQL database of the same migration."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Boolean, Table
from sqlalchemy.types import TypeDecorator

from storage.database.base import Base, UtcDateTime
from storage.database.engine import Database

LOT = 50_000


async def copy(database_file: Path, database: Database) -> None:
    """Without checks of foreign keys. Rows that the migration has written are replaced."""
    address, _, host = database.url.partition("?host=")
    connection = await asyncpg.connect(host=host, user="postgres", database=address.rpartition("/")[2])
    await connection.execute("SET session_replication_role = replica")
    with closing(sqlite3.connect(database_file)) as source:
        for table in Base.metadata.sorted_tables:
            await connection.execute(f'DELETE FROM "{table.name}"')
            for lot in _lots(source, table):
                names = [column.name for column in table.columns]
                await connection.copy_records_to_table(table.name, records=lot, columns=names)
    await connection.execute("ANALYZE", timeout=600)
    await connection.close()


def _lots(source: sqlite3.Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    makers = [_maker(column.type) for column in table.columns]
    rows = source.execute(f'SELECT {names} FROM "{table.name}"')
    while found := rows.fetchmany(LOT):
        yield [_row(makers, row) for row in found]


def _row(makers: Sequence[Callable[[Any], Any] | None], row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        make(value) if make and value is not None else value for make, value in zip(makers, row, strict=True)
    )


def _maker(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of SQLite becomes one of PostgreSQL's driver; None: as it is."""
    if isinstance(kind, UtcDateTime):
        return lambda value: datetime.fromisoformat(value).replace(tzinfo=UTC)
    plain = kind.impl if isinstance(kind, TypeDecorator) else kind
    return bool if isinstance(plain, Boolean) else None
