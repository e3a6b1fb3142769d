"""Whether database, queue and object store do what we need of them, as far as they are up."""

import asyncio
from collections.abc import AsyncIterator

from sqlalchemy.exc import SQLAlchemyError

from server.core import instance
from server.core.valkey_binary import valkey_program
from server.operations.findings import Finding, State, good
from server.settings import PREFIX, Settings, without_password
from storage.database import migrations
from storage.database.engine import Database
from storage.objects.open import open_store
from storage.objects.store import StoreError
from transcoder.ffmpeg.process import ask
from transcoder.jobs.queue import Queue

CHECK_SECONDS = 15.0  # seconds each may take


async def about_services(settings: Settings) -> AsyncIterator[Finding]:
    yield await database(settings)
    yield await queue(settings)
    yield await objects(settings)


async def database(settings: Settings) -> Finding:
    """Opens a SQLite file only where there is one: asking must not make it."""
    where = without_password(settings.database)
    if not settings.database_url and not settings.database_file.exists():
        return good("Database", f"{where} is made at the first start")
    opened = Database(settings.database)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            current = await migrations.is_current(opened)
    except (SQLAlchemyError, OSError, TimeoutError) as wrong:
        says = f"{where} does not answer: {getattr(wrong, 'orig', None) or wrong or 'too slow'}"
        return Finding("Database", State.MISSING, says, f"Check {PREFIX}DATABASE_URL.")
    finally:
        await opened.close()
    if not current:
        return Finding("Database", State.HINT, f"{where} has an older schema", "Run `skillstudio migrate`.")
    return good("Database", f"{where}, newest schema")


async def queue(settings: Settings) -> Finding:
    if not settings.queue_url and not instance.holder(settings.run_folder, instance.UP):
        return await _own_valkey()
    opened = Queue(settings.queue)
    try:
        answers = await asyncio.to_thread(opened.ping)
    finally:
        opened.close()
    where = without_password(settings.queue)
    if not answers:
        return Finding("Queue", State.MISSING, f"{where} does not answer.", f"Check {PREFIX}QUEUE_URL.")
    return good("Queue", f"{where} answers")


async def _own_valkey() -> Finding:
    program = valkey_program()
    version = await asyncio.to_thread(ask, (str(program), "--version"))
    if version is None:
        return Finding(
            "Queue",
            State.MISSING,
            f"{program} does not run here.",
            f"Name a Redis or Valkey server in {PREFIX}QUEUE_URL.",
        )
    return good("Queue", f"{' '.join(version.split()[:3])}, started by `skillstudio up`")


async def objects(settings: Settings) -> Finding:
    if not settings.s3_endpoint:
        return good("Objects", f"folder {settings.objects_folder}")
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            store = open_store(settings.objects)
            try:
                await store.check()
            finally:
                await store.close()
    except (StoreError, ValueError, TimeoutError) as wrong:
        remedy = f"Check {PREFIX}S3_ENDPOINT, the keys and the bucket."
        return Finding("Objects", State.MISSING, str(wrong) or "The store is too slow.", remedy)
    return good("Objects", f"bucket {settings.s3_bucket} on {settings.s3_endpoint}")
