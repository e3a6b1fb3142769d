"""Completion of an upload, from the last byte to its encoding. Every step can be repeated after a crash
at any line.

    open      every byte is in the spool file         -> synced, upload is `received`
    received  the file moves into the object store     -> upload is `stored`, lesson is `processing`
    stored    the revision is submitted to the workers -> done

Started by the request with the last byte, by any later HEAD request on the upload, and by the sweep.
"""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import update

from server.uploads.context import UploadContext
from server.uploads.errors import Busy
from server.uploads.service import abandon, discard_late_object
from storage.database.tables import Lesson, Upload, Video
from storage.objects.store import ObjectMissing, StoreError
from storage.states import UploadState, VideoStatus
from transcoder.jobs import api as jobs

log = structlog.get_logger()

PROMPT_SECONDS = 2.0  # the last request waits this long; a rename takes less, 10 GB to S3 more

_running: set[asyncio.Task[object]] = set()  # the event loop keeps only weak references


async def finish_soon(context: UploadContext, upload_id: str, now: datetime) -> None:
    """Start `finish` as a task and wait PROMPT_SECONDS for it. Failures are logged; the sweep retries."""
    task: asyncio.Task[object] = asyncio.create_task(_logged(context, upload_id, now))
    _running.add(task)
    task.add_done_callback(_running.discard)
    await asyncio.wait({task}, timeout=PROMPT_SECONDS)


async def _logged(context: UploadContext, upload_id: str, now: datetime) -> None:
    try:
        await finish(context, upload_id, now)
    except Exception:
        log.exception("upload completion failed, sweep retries", upload_id=upload_id)


async def finish(context: UploadContext, upload_id: str, now: datetime) -> bool:
    """Store and submit the upload; True when its revision is submitted. False: bytes are missing, another
    process is completing it, or the store is unreachable."""
    upload = await _load(context, upload_id)
    if upload is not None and upload.state == UploadState.OPEN:
        upload = await _receive(context, upload)
    if upload is not None and upload.state == UploadState.RECEIVED:
        upload = await _store(context, upload, now)
    if upload is None or upload.state != UploadState.STORED:
        return False
    try:
        await submit(context, upload, now)
    except jobs.NotPossible:  # the lesson was deleted meanwhile, and its objects with it
        return False
    return True


async def submit(context: UploadContext, upload: Upload, now: datetime) -> Video:
    """Submit the revision. Idempotent: the same object is the same revision."""
    return await jobs.submit(
        context.database,
        context.queue,
        lesson_id=upload.lesson_id,
        source_key=upload.s3_key,
        filename=upload.filename,
        source_bytes=upload.size or 0,
        submitted_by=upload.user_id,
        now=now,
    )


async def _receive(context: UploadContext, upload: Upload) -> Upload | None:
    """Sync the whole file to disk, then set the state to `received`."""
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
            update(Upload)
            .where(Upload.id == upload.id, Upload.state == UploadState.OPEN)
            .values(state=UploadState.RECEIVED)
        )
    return await _load(context, upload.id)


async def _store(context: UploadContext, upload: Upload, now: datetime) -> Upload | None:
    try:
        if not await _adopt(context, upload):
            return None
    except ObjectMissing:
        if upload.host is None and now < upload.expires_at:  # of an earlier version: another host may have it
            return None
        log.error("upload lost, neither in spool nor in store", upload_id=upload.id)
        await abandon(context, upload, UploadState.EXPIRED, now)
        return None
    except StoreError as error:
        log.warning("upload not stored yet", upload_id=upload.id, reason=str(error))
        return None
    return await mark_stored(context, upload, upload.size or 0, now)


async def _adopt(context: UploadContext, upload: Upload) -> bool:
    """Move the file into the store, under its lock. False while another process does it."""
    try:
        writer = await asyncio.to_thread(context.spool.open, upload.id)
    except Busy:
        return False
    except FileNotFoundError:  # adopted before a crash without updating the row, or lost
        info = await context.store.stat(upload.s3_key)
        if info is None or info.size != upload.size:
            raise ObjectMissing(upload.s3_key) from None
        return True
    try:
        path = context.spool.path(upload.id)
        await context.database.sync()  # else a power cut could leave an `open` row without its file
        await context.store.adopt_file(upload.s3_key, path, upload.content_type or "application/octet-stream")
    finally:
        writer.close()
    return True


async def mark_stored(context: UploadContext, upload: Upload, size: int, now: datetime) -> Upload | None:
    """Set upload and lesson to stored in one transaction. None when the upload has ended meanwhile; its
    object is then discarded."""
    async with context.database.write() as session:
        updated = await session.scalar(
            update(Upload)
            .where(Upload.id == upload.id, Upload.state.in_((UploadState.OPEN, UploadState.RECEIVED)))
            .values(state=UploadState.STORED, size=size)
            .returning(Upload.id)
        )
        lesson = await session.get(Lesson, upload.lesson_id)
        if updated is not None and lesson is not None and lesson.video_id is None:
            lesson.video_original_url, lesson.video_status = upload.s3_key, VideoStatus.PROCESSING
    current = await _load(context, upload.id)
    if current is None or current.state in (UploadState.CANCELLED, UploadState.EXPIRED):
        await discard_late_object(context, upload, now)
        return None
    return current


async def _load(context: UploadContext, upload_id: str) -> Upload | None:
    async with context.database.read() as session:
        return await session.get(Upload, upload_id)
