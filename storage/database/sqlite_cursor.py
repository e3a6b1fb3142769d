"""Cursor of aiosqlite that needs one round trip to the connection's thread a statement, instead of four.

SQLAlchemy makes a cursor, executes, fetches and closes, and waits for the thread each time: measured on a
small machine, ten small statements in a transaction took 5.8 ms with it and 3.3 ms with this.
"""

import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
)

Parameters = Sequence[Any] | Mapping[str, Any]


class Done(msgspec.Struct):
    """What is asked of a cursor after its statement."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection: Any = adapt_connection._connection
        self._cursor: Any = Done()
        self._soft_closed_memoized: Any = {}
        self._rows: deque[Any] = deque()

    async def _execute_async(self, operation: str, parameters: Parameters | None) -> None:
        await self._run(_execute, operation, parameters or ())

    async def _executemany_async(self, operation: str, parameters: Sequence[Parameters]) -> None:
        await self._run(_execute_many, operation, parameters)

    async def _run(self, work: Any, operation: str, parameters: Any) -> None:
        async with self._adapt_connection._execute_mutex:
            done = await self._connection._execute(work, self._connection._conn, operation, parameters)
            self._cursor, self._rows = done

    async def _async_soft_close(self) -> None:
        """Nothing is open any more."""

    def close(self) -> None:
        self._rows.clear()


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls: Any = OneTripCursor


def one_trip(connection: AsyncAdapt_aiosqlite_connection) -> OneTripConnection:
    """The same connection, with the faster cursor."""
    return OneTripConnection(connection.dbapi, connection._connection)


def _execute(
    connection: sqlite3.Connection, operation: str, parameters: Parameters
) -> tuple[Done, deque[Any]]:
    cursor = connection.execute(operation, parameters)
    rows = deque(cursor.fetchall()) if cursor.description else deque[Any]()
    return _done(cursor), rows


def _execute_many(
    connection: sqlite3.Connection, operation: str, parameters: Sequence[Parameters]
) -> tuple[Done, deque[Any]]:
    return _done(connection.executemany(operation, parameters)), deque()


def _done(cursor: sqlite3.Cursor) -> Done:
    """Closes the cursor."""
    done = Done(cursor.description, cursor.rowcount, cursor.lastrowid)
    cursor.close()
    return done
