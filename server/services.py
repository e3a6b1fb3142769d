"""Database, object store and queue of a process, opened from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from server.settings import Settings, SettingsError
from storage import expected
from storage.database.engine import Database
from storage.objects.open import open_store
from storage.objects.store import ObjectStore
from transcoder.jobs.queue import Queue


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    store: ObjectStore
    queue: Queue

    async def close(self) -> None:
        await self.store.close()
        await self.database.close()
        self.queue.close()


def open_services(settings: Settings) -> Services:
    """Opens no connection yet. Raises SettingsError when an address is missing or invalid."""
    queue = Queue(settings.queue)  # first: without a queue, no folder is created either
    try:
        store = open_store(settings.objects)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return Services(settings, Database(settings.database), store, queue)


async def require_objects(settings: Settings) -> None:
    """Raise StoreLost when the database expects objects and the store has none; creates neither."""
    if not settings.database_url and not settings.database_file.exists():
        return
    database = Database(settings.database)
    try:
        await expected.require(database, settings.objects)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    finally:
        await database.close()


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Raises SettingsError, and StoreLost when the database expects objects and the store has none."""
    await require_objects(settings)
    opened = open_services(settings)
    try:
        yield opened
    finally:
        await opened.close()
