"""Deferred deletion of objects that no row refers to any more.

Scheduled in the transaction that deletes the rows, so that a crash between the two neither loses
an object that is still referenced nor keeps an unreferenced one for ever.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.tables import ObjectDeletion
from storage.objects.store import ObjectStore, StoreError

log = structlog.get_logger(__name__)

GRACE = timedelta(minutes=2)  # longer than a worker's lease: it has noticed by then that its job was deleted


async def schedule(session: AsyncSession, prefixes: Iterable[str], due_at: datetime) -> None:
    """Schedule objects for deletion after `due_at`; idempotent.

    A prefix that ends in a slash means everything under that folder, any other one a single object.
    """
    for prefix in prefixes:
        await session.merge(ObjectDeletion(prefix=prefix, due_at=due_at))


async def purge_due(database: Database, store: ObjectStore, now: datetime) -> int:
    """Delete the objects that are due; returns the number of prefixes deleted.

    A prefix that cannot be deleted stays for the next run. Safe to repeat and to run concurrently.
    """
    async with database.read() as session:
        due = list(await session.scalars(select(ObjectDeletion.prefix).where(ObjectDeletion.due_at <= now)))
    if due:
        await database.sync()  # rows restored by a power cut would need their objects
    return sum([await _purge(database, store, prefix, now) for prefix in due])


async def _purge(database: Database, store: ObjectStore, prefix: str, now: datetime) -> bool:
    try:
        if prefix.endswith("/"):
            await store.delete_prefix(prefix)
        else:
            await store.delete(prefix)
    except (StoreError, OSError, ValueError) as error:
        log.warning("object deletion failed", prefix=prefix, error=str(error))
        return False
    async with database.write() as session:  # a deletion rescheduled meanwhile stays
        await session.execute(
            delete(ObjectDeletion).where(ObjectDeletion.prefix == prefix, ObjectDeletion.due_at <= now)
        )
    return True
