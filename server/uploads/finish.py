"""From the last byte to the workers. Every step may be run again after a death between any two lines.

    open      every byte is in the spool file         -> synced, row says `received`
    received  the file moves into the object store     -> row says `stored`, lesson says `processing`
    stored    the revision is submitted to the workers -> done

The request that brings the last byte starts this; so does any later look at the upload, and the sweep.
"""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import update

from server.uploads.context import UploadContext
from server.uploads.errors import Busy
from server.uploads.service import discard_late, give_up
from storage.database.tables import Lesson, Upload, Video
from storage.objects.store import ObjectMissing, StoreError
from transcoder.jobs import api as jobs

log = structlog.get_logger()

PROMPT_SECONDS = 2.0  # how long the last request waits; a rename takes less, 10 GB to S3 take more

_running: set[asyncio.Task[object]] = set()  # the loop keeps only weak references


async def finish_soon(context: UploadContext, upload_id: str, now: datetime) -> None:
    """Start `finish` and wait a moment for it. Its failures are logged, the sweep tries again."""
    task: asyncio.Task[object] = asyncio.create_task(_logged(context, upload_id, now))
    _running.add(task)
    task.add_done_callback(_running.discard)
    await asyncio.wait({task}, timeout=PROMPT_SECONDS)


async def _logged(context: UploadContext, upload_id: str, now: datetime) -> None:
    try:
        await finish(context, upload_id, now)
    except Exception:
        log.exception("an upload could not be finished; it will be tried again", upload_id=upload_id)


async def finish(context: UploadContext, upload_id: str, now: datetime) -> bool:
    """Whether a revision is on its way. False: bytes are missing, another does it, or the store is away."""
    upload = await _load(context, upload_id)
    if upload is not None and upload.state == "open":
        upload = await _receive(context, upload)
    if upload is not None and upload.state == "received":
        upload = await _store(context, upload, now)
    if upload is None or upload.state != "stored":
        return False
    try:
        await submit(context, upload, now)
    except jobs.NotPossible:  # the lesson was deleted in this moment, and its objects with it
        return False
    return True


async def submit(context: UploadContext, upload: Upload, now: datetime) -> Video:
    """The same object is the same revision, however often it is submitted."""
    return await jobs.submit(
        context.database,
        context.queue,
        lesson_id=upload.lesson_id,
        source_key=upload.s3_key,
        filename=upload.filename,
        source_bytes=upload.size or 0,
        now=now,
    )


async def _receive(context: UploadContext, upload: Upload) -> Upload | None:
    """Whole and on the disk for good, then said so."""
    if upload.size is None or context.spool.size(upload.id) != upload.size:
        return None
    try:
        writer = await asyncio.to_thread(context.spool.open, upload.id)
    except (Busy, FileNotFoundError):
        return None
    try:
        await asyncio.to_thread(writer.sync)
    finally:
        writer.close()
    async with context.database.write() as session:
        await session.execute(
            update(Upload).where(Upload.id == upload.id, Upload.state == "open").values(state="received")
        )
    return await _load(context, upload.id)


async def _store(context: UploadContext, upload: Upload, now: datetime) -> Upload | None:
    try:
        if not await _adopt(context, upload):
            return None
    except ObjectMissing:
        log.error("the bytes of an upload are neither here nor in the store", upload_id=upload.id)
        await give_up(context, upload, "expired", now)
        return None
    except StoreError as error:
        log.warning("the object store did not take an upload yet", upload_id=upload.id, reason=str(error))
        return None
    return await mark_stored(context, upload, upload.size or 0, now)


async def _adopt(context: UploadContext, upload: Upload) -> bool:
    """Into the store, under the file's lock. False while another process does it."""
    try:
        writer = await asyncio.to_thread(context.spool.open, upload.id)
    except Busy:
        return False
    except FileNotFoundError:  # adopted, but the row was not written; or lost
        info = await context.store.stat(upload.s3_key)
        if info is None or info.size != upload.size:
            raise ObjectMissing(upload.s3_key) from None
        return True
    try:
        path = context.spool.path(upload.id)
        await context.database.sync()  # or a power cut leaves an open upload without its bytes
        await context.store.adopt_file(upload.s3_key, path, upload.content_type or "application/octet-stream")
    finally:
        writer.close()
    return True


async def mark_stored(context: UploadContext, upload: Upload, size: int, now: datetime) -> Upload | None:
    """The object is there: tell the row and the lesson in one step. None when it was cancelled meanwhile."""
    async with context.database.write() as session:
        taken = await session.scalar(
            update(Upload)
            .where(Upload.id == upload.id, Upload.state.in_(("open", "received")))
            .values(state="stored", size=size)
            .returning(Upload.id)
        )
        lesson = await session.get(Lesson, upload.lesson_id)
        if taken is not None and lesson is not None and lesson.video_id is None:
            lesson.video_original_url, lesson.video_status = upload.s3_key, "processing"
    now_is = await _load(context, upload.id)
    if now_is is None or now_is.state in ("cancelled", "expired"):
        await discard_late(context, upload, now)
        return None
    return now_is


async def _load(context: UploadContext, upload_id: str) -> Upload | None:
    async with context.database.read() as session:
        return await session.get(Upload, upload_id)
