"""Objects that no row names any more. Noted in the transaction that deletes the rows, so that a
machine that dies between the two neither loses a file that is still wanted nor keeps one for ever.
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

GRACE = timedelta(minutes=2)  # longer than a worker's lease: it has noticed by then that its job is gone


async def schedule(session: AsyncSession, prefixes: Iterable[str], due_at: datetime) -> None:
    """Everything under these folders, or the one object of a name without a slash at its end, is
    to go after `due_at`. Marking twice is the same as once."""
    for prefix in prefixes:
        await session.merge(ObjectDeletion(prefix=prefix, due_at=due_at))


async def purge_due(database: Database, store: ObjectStore, now: datetime) -> int:
    """How many prefixes were emptied; one that cannot be is left to the next round. Safe to run
    twice and beside itself."""
    async with database.read() as session:
        due = list(await session.scalars(select(ObjectDeletion.prefix).where(ObjectDeletion.due_at <= now)))
    if due:
        await database.sync()  # a commit that a power cut takes back would want its objects again
    return sum([await _empty(database, store, prefix, now) for prefix in due])


async def _empty(database: Database, store: ObjectStore, prefix: str, now: datetime) -> bool:
    try:
        if prefix.endswith("/"):
            await store.delete_prefix(prefix)
        else:
            await store.delete(prefix)
    except (StoreError, OSError, ValueError) as error:
        log.warning("objects of no use stay for now", prefix=prefix, error=str(error))
        return False
    async with database.write() as session:  # a mark that was renewed meanwhile stays
        await session.execute(
            delete(ObjectDeletion).where(ObjectDeletion.prefix == prefix, ObjectDeletion.due_at <= now)
        )
    return True
