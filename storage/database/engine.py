"""Connections: many readers, one writer, on SQLite and PostgreSQL alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

SQLITE_PRAGMAS = (
    "busy_timeout = 10000",  # first: the next lines may already wait for a lock
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
    "cache_size = -16384",
    "temp_store = MEMORY",
    "mmap_size = 0",
)


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
            self._reader = _sqlite_engine(url, begin="BEGIN", size=4, query_only=True)
        else:
            self._writer = create_async_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True)
            self._reader = self._writer
        self._writers = async_sessionmaker(self._writer, expire_on_commit=False)
        self._readers = async_sessionmaker(self._reader, expire_on_commit=False)

    @property
    def writer_engine(self) -> AsyncEngine:
        return self._writer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._writers.begin() as session:
            yield session

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


def _sqlite_engine(url: str, *, begin: str, size: int, query_only: bool = False) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=size, max_overflow=0, pool_timeout=30)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if query_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
