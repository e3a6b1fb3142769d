"""Objects that the database expects, held against what the store has, when a process starts.

A folder whose disk is not mounted, or a bucket that is missing, would otherwise become a new, empty store,
and what is written to it would be lost or hide the real one.
"""

import asyncio
import os
from pathlib import Path

from sqlalchemy import exists, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.tables import LessonFile, ObjectDeletion, Upload, Video
from storage.objects.keys import CHECKS
from storage.objects.open import StoreConfig, open_store
from storage.objects.store import BucketMissing, ObjectStore, StoreError, StoreLost
from storage.states import RevisionState

ASK_SECONDS = 5.0  # for the answer of a store or database that may be away
STORED = (RevisionState.WAITING, RevisionState.ENCODING, RevisionState.FINISHING, RevisionState.READY)


async def expects_objects(session: AsyncSession) -> bool:
    """Step: whether rows refer to objects that must be stored. A failed revision may have none."""
    found = or_(exists().where(Video.state.in_(STORED)), exists().where(LessonFile.id.is_not(None)))
    return bool(await session.scalar(select(found)))


async def knows_nothing(session: AsyncSession) -> bool:
    """Step: whether no row has ever had to do with an object, as in a new database."""
    found = or_(*(exists(select(table)) for table in (Video, Upload, LessonFile, ObjectDeletion)))
    return not await session.scalar(select(found))


async def require(database: Database, config: StoreConfig) -> None:
    """Raise StoreLost when the database expects objects and the folder is missing or empty.

    The same without the bucket. Creates nothing. A database or a store that is away is not judged: what
    starts waits for it.
    """
    try:
        async with asyncio.timeout(ASK_SECONDS), database.read() as session:
            expected = await expects_objects(session)
    except (SQLAlchemyError, OSError, TimeoutError):
        return
    if expected and config.s3_endpoint:
        await _require_bucket(config)
    elif expected and not await asyncio.to_thread(_folder_holds, config.folder):
        raise StoreLost(
            f"The database knows lectures, and {config.folder} is missing or empty. Mount its disk or put "
            "the folder back, then start again. Nothing was created there."
        )


async def _require_bucket(config: StoreConfig) -> None:
    store = open_store(config, retries=0)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await store.holds_objects()
    except BucketMissing:
        raise _no_bucket(config.s3_bucket) from None
    except (StoreError, TimeoutError):
        return
    finally:
        await store.close()


def _no_bucket(bucket: str) -> StoreLost:
    return StoreLost(
        f"The database knows lectures, and there is no bucket {bucket}. Look whether the store's address, "
        "the bucket's name and the store's disk are right, then start again. Nothing was created."
    )


def _folder_holds(folder: Path) -> bool:
    """Whether the folder has objects. One that cannot be read is away, not empty."""
    try:
        with os.scandir(folder) as entries:
            return any(not e.name.startswith(".") and f"{e.name}/" != CHECKS for e in entries)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


async def has_strangers(session: AsyncSession, store: ObjectStore) -> bool:
    """Step: whether the store has objects beside a database that knows of none."""
    return await knows_nothing(session) and await store.holds_objects()


async def create_unless_expected(database: Database, store: ObjectStore, bucket: str) -> None:
    """Create what holds the objects at a first start. Raises StoreLost when the database expects some."""
    try:
        return await store.check()
    except BucketMissing:
        async with database.read() as session:
            expected = await expects_objects(session)
        if expected:
            raise _no_bucket(bucket) from None
    await store.create()
    await store.check()
