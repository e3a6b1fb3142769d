"""Database engines and sessions, on SQLite (four readers, one writer) and PostgreSQL."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from storage.database.sqlite_cursor import one_trip, wait_with_row, wait_with_rows

BUSY_SECONDS = 10.0
BUSY_STEP = 0.05
SQLITE_PRAGMAS = (
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
    "cache_size = -16384",
    "temp_store = MEMORY",
    "mmap_size = 0",
    # Pages of the log before a commit copies them into the database file. With the default of 1,000 every
    # 25th award paid for that: p95 14.2 ms instead of 10.8.
    "wal_autocheckpoint = 4000",
)
ALTERING = ("foreign_keys = OFF", "temp_store = FILE")  # an index of millions of rows is sorted
CONNECT_SECONDS = 10.0
JSON_CODEC: dict[str, Any] = {  # several times faster than the standard library's
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}
READING = "reading"  # in the info of a session whose transaction only reads
STATEMENT_SECONDS = 60.0  # PostgreSQL only: a host that dies closes no connection


TEMPORARY = ("08", "53", "57")  # SQLSTATE classes: connection, resources, shutdown and start


class DatabaseUnreachable(OSError):
    """PostgreSQL did not accept a connection. `str()` is a sentence with its address and the reason;
    `temporary` tells a server that is away from one that refuses this name or password."""

    def __init__(self, sentence: str, *, temporary: bool = True) -> None:
        super().__init__(sentence)
        self.temporary = temporary


class Database:
    """Database access. `read()` sees one consistent snapshot; `write()` is one transaction.

    On SQLite every write begins IMMEDIATE on a pool of one connection: with the driver's
    deferred default, 80 % of concurrent increments were lost in a trial.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", size=4, pragmas=("query_only = ON",))
        else:
            self._writer = _postgres_engine(
                url,
                pool_size=8,
                max_overflow=8,
                pool_pre_ping=True,
                connect_args={"command_timeout": STATEMENT_SECONDS, "timeout": CONNECT_SECONDS},
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self.session_info: dict[str, Any] = {}  # every later session has it as `session.info`
        self._writers = async_sessionmaker(self._writer, expire_on_commit=False, info=self.session_info)
        self._readers = async_sessionmaker(self._reader, expire_on_commit=False, info=self.session_info)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._readers() as session:
            session.info[READING] = True
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._writers.begin() as session:
            yield session

    @asynccontextmanager
    async def altering(self) -> AsyncIterator[AsyncConnection]:
        """Schema change in one transaction, without a statement timeout.

        SQLite makes most alterations by recreating the table and dropping the old one, which deletes
        the rows that depend on it unless foreign keys were off before the transaction began.
        """
        engine = (
            _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", size=1, pragmas=ALTERING)
            if self.is_sqlite
            else _postgres_engine(self.url)
        )
        try:
            async with engine.begin() as connection:
                yield connection
                if self.is_sqlite and await _has_orphans(connection):
                    raise RuntimeError("The schema change would leave rows with broken foreign keys.")
        finally:
            await engine.dispose()

    async def sync(self) -> None:
        """Flush commits to disk, so that they survive a power cut; call it before deleting files.

        PostgreSQL does that at each commit. SQLite with `synchronous = NORMAL` leaves the WAL to the
        kernel's write-back: a power cut undoes the last commits.
        """
        file = make_url(self.url).database
        if self.is_sqlite and file:
            await asyncio.to_thread(_sync_log, Path(file))

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


async def _has_orphans(connection: AsyncConnection) -> bool:
    return (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first() is not None


def _sync_log(database_file: Path) -> None:
    """fsync the WAL and its directory entry. A WAL that is gone was checkpointed into the synced database.

    Never open the database file itself: closing it releases the locks of every connection in this process.
    """
    with suppress(FileNotFoundError):
        for path in (database_file.with_name(f"{database_file.name}-wal"), database_file.parent):
            opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _postgres_engine(url: str, **options: Any) -> AsyncEngine:
    engine = create_async_engine(url, **JSON_CODEC, **options)
    address = make_url(url)
    place = f"{address.host or address.query.get('host', 'localhost')}/{address.database}"

    @event.listens_for(engine.sync_engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, named: Any) -> Any:
        try:
            return dialect.connect(*arguments, **named)
        except (OSError, TimeoutError, dialect.loaded_dbapi.Error) as error:
            reason = str(error) or "no answer"
            temporary = (getattr(error, "sqlstate", None) or TEMPORARY[0]).startswith(TEMPORARY)
            sentence = f"The database {place} cannot be reached: {reason}"
            raise DatabaseUnreachable(sentence, temporary=temporary) from error

    return engine


def _sqlite_engine(url: str, *, begin: str, size: int, pragmas: Sequence[str] = ()) -> AsyncEngine:
    engine = create_async_engine(url, **JSON_CODEC, pool_size=size, max_overflow=0, pool_timeout=30)

    @event.listens_for(engine.sync_engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, named: Any) -> Any:
        return one_trip(dialect.connect(*arguments, **named))

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is chosen by the listener below
        connection.run_async(lambda driver: _configure(driver, (*SQLITE_PRAGMAS, *pragmas)))

    event.listen(engine.sync_engine, "do_execute", wait_with_row)
    event.listen(engine.sync_engine, "do_executemany", wait_with_rows)

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.connection.dbapi_connection.begin = begin  # goes with the first statement

    return engine


async def _configure(driver: aiosqlite.Connection, pragmas: Sequence[str]) -> None:
    # First, because the next statements may wait for a lock.
    await _pragma(driver, f"busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    await _enable_wal(driver)
    for pragma in pragmas:
        await _pragma(driver, pragma)


async def _enable_wal(driver: aiosqlite.Connection) -> None:
    """Switch a new database file to WAL, retrying on SQLITE_BUSY.

    When two connections switch at the same time, SQLite refuses one at once, whatever the busy
    timeout: this failed 5 of 100 first starts of eight connections.
    """
    waited = 0.0
    while True:
        try:
            await _pragma(driver, "journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or waited >= BUSY_SECONDS:
                raise
        await asyncio.sleep(BUSY_STEP)
        waited += BUSY_STEP


async def _pragma(driver: aiosqlite.Connection, pragma: str) -> None:
    async with driver.execute(f"PRAGMA {pragma}"):
        pass
