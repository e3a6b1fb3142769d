"""Connections: many readers, one writer, on SQLite and PostgreSQL alike."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

BUSY_SECONDS = 10.0
BUSY_STEP = 0.05
SQLITE_PRAGMAS = (
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
    "cache_size = -16384",
    "temp_store = MEMORY",
    "mmap_size = 0",
)
ANSWER_SECONDS = 60.0  # PostgreSQL's time for one statement: a host that dies says nothing at all


class Database:
    """The rows. `read()` sees one consistent snapshot; `write()` is one transaction.

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
            self._writer = create_async_engine(
                url,
                pool_size=8,
                max_overflow=8,
                pool_pre_ping=True,
                connect_args={"command_timeout": ANSWER_SECONDS},
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._writers = async_sessionmaker(self._writer, expire_on_commit=False)
        self._readers = async_sessionmaker(self._reader, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._writers.begin() as session:
            yield session

    @asynccontextmanager
    async def altering(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may change the schema, and take its time.

        SQLite alters most things by building the table anew and dropping the old one, and with it
        go the rows that depend on it, unless foreign keys are off from before the transaction.
        """
        engine = (
            _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", size=1, pragmas=("foreign_keys = OFF",))
            if self.is_sqlite
            else create_async_engine(self.url)
        )
        try:
            async with engine.begin() as connection:
                yield connection
                if self.is_sqlite and await _has_orphans(connection):
                    raise RuntimeError("The change of the schema would leave rows that refer to nothing.")
        finally:
            await engine.dispose()

    async def sync(self) -> None:
        """Whatever was committed outlives a power cut from here on: call it before files go for good.

        PostgreSQL promises that with each commit. SQLite, as we set it, hands its log to the kernel
        and lets it reach the disk when it will: a power cut takes the last commits back.
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
    """The log, and its name in the folder; a log that is gone is in the database, and on the disk.

    Never the database file itself: to close it lets go of the locks of every connection in this process.
    """
    with suppress(FileNotFoundError):
        for path in (database_file.with_name(f"{database_file.name}-wal"), database_file.parent):
            opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _sqlite_engine(url: str, *, begin: str, size: int, pragmas: Sequence[str] = ()) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=size, max_overflow=0, pool_timeout=30)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.run_async(lambda driver: _configure(driver, (*SQLITE_PRAGMAS, *pragmas)))

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def _configure(driver: aiosqlite.Connection, pragmas: Sequence[str]) -> None:
    # First, since the next lines may wait for a lock.
    await _pragma(driver, f"busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    await _keep_a_log(driver)
    for pragma in pragmas:
        await _pragma(driver, pragma)


async def _keep_a_log(driver: aiosqlite.Connection) -> None:
    """A new file changes to WAL once. When two connections set out to do so together SQLite sends one
    away at once, whatever its busy timeout says: 5 of 100 first starts of eight connections ended so."""
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
