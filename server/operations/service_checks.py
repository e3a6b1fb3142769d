"""Checks of database, queue and object store, as far as they are running."""

import asyncio
import smtplib
from collections.abc import AsyncIterator

from sqlalchemy.exc import SQLAlchemyError

from server import addresses
from server.core import instance
from server.core.clock import SystemClock
from server.core.valkey_binary import valkey_program
from server.operations.findings import Finding, State, good
from server.operations.health import queues_without_workers
from server.outbox import smtp
from server.outbox.channels import reply
from server.settings import PREFIX, Settings, without_password
from storage.database import migrations
from storage.database.engine import Database
from storage.database.migrations import Schema
from storage.objects.open import open_store
from storage.objects.store import BucketMissing, StoreError
from transcoder.ffmpeg.process import tool_output
from transcoder.jobs.queue import Queue

CHECK_SECONDS = 15.0  # time limit of each check


async def about_services(settings: Settings) -> AsyncIterator[Finding]:
    yield await database(settings)
    in_use = settings.queue_url or instance.holder(settings.run_folder, instance.UP)
    if in_use and (settings.database_url or settings.database_file.exists()):
        yield await workers(settings)
    yield await queue(settings)
    yield await objects(settings)
    if settings.smtp_url:
        yield await mail(settings)


async def database(settings: Settings) -> Finding:
    """Schema check. Opens a SQLite file only when it exists: a check must not create it."""
    where = without_password(settings.database)
    if not settings.database_url and not settings.database_file.exists():
        return good("Database", f"{where} is created at the first start")
    opened = Database(settings.database)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            schema = await migrations.schema(opened)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        message = f"{where} does not answer: {getattr(error, 'orig', None) or error or 'too slow'}"
        return Finding("Database", State.MISSING, message, f"Check {PREFIX}DATABASE_URL.")
    finally:
        await opened.close()
    if schema is Schema.OLDER:
        return Finding("Database", State.HINT, f"{where} has an older schema", "Run `skillstudio migrate`.")
    if schema is Schema.NEWER:
        remedy = "Install the version that upgraded it, or a later one."
        return Finding("Database", State.MISSING, f"{where} has a newer schema than this version", remedy)
    return good("Database", f"{where}, newest schema")


async def workers(settings: Settings) -> Finding:
    opened = Database(settings.database)
    try:
        async with asyncio.timeout(CHECK_SECONDS), opened.read() as session:
            missing = await queues_without_workers(session, SystemClock().now())
    except (SQLAlchemyError, OSError, TimeoutError):
        return Finding("Workers", State.MISSING, "Unknown: the database does not answer.")
    finally:
        await opened.close()
    if missing:
        message = f"No worker takes jobs from the queue {' and '.join(missing)}."
        return Finding("Workers", State.MISSING, message, "Start `skillstudio worker`, here or elsewhere.")
    return good("Workers", "there are some for quick jobs and for encoding")


async def queue(settings: Settings) -> Finding:
    if not settings.queue_url and not instance.holder(settings.run_folder, instance.UP):
        return await _own_valkey()
    opened = Queue(settings.queue)
    try:
        refusal = await asyncio.to_thread(opened.refusal)
    finally:
        opened.close()
    where = without_password(settings.queue)
    if refusal:
        return Finding("Queue", State.MISSING, f"{where}: {refusal}", f"Check {PREFIX}QUEUE_URL.")
    return good("Queue", f"{where} answers")


async def _own_valkey() -> Finding:
    program = valkey_program()
    version = await asyncio.to_thread(tool_output, (str(program), "--version"))
    if version is None:
        return Finding(
            "Queue",
            State.MISSING,
            f"{program} does not run here.",
            f"Set a Redis or Valkey server in {PREFIX}QUEUE_URL.",
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
    except BucketMissing:
        message = f"There is no bucket {settings.s3_bucket} on {settings.s3_endpoint}"
        return Finding("Objects", State.HINT, message, "The first start of SkillStudio creates it.")
    except (StoreError, ValueError, TimeoutError) as error:
        remedy = f"Check {PREFIX}S3_ENDPOINT, the keys and the bucket."
        return Finding("Objects", State.MISSING, str(error) or "The store is too slow.", remedy)
    return good("Objects", f"bucket {settings.s3_bucket} on {settings.s3_endpoint}")


async def mail(settings: Settings) -> Finding:
    """Connects and signs in; sends nothing."""
    server = addresses.mail_server(settings.smtp_url)
    where = f"{server.host}:{server.port}"
    try:
        connection = await asyncio.to_thread(smtp.connect, server)
        await asyncio.to_thread(connection.quit)
    except (OSError, smtplib.SMTPException) as error:
        return Finding("Mail", State.MISSING, f"{where}: {reply(error)}", f"Check {PREFIX}SMTP_URL.")
    return good("Mail", f"{where} accepts mails")
