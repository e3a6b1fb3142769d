"""Uploads from the first word to the last byte. `finish.py` takes them from there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Gone, Invalid, NotFound, TooLarge
from server.library.access import lesson_for_teaching
from server.uploads import rules
from server.uploads.context import UploadContext
from server.uploads.errors import WrongOffset
from server.uploads.protocol import Checksum
from server.uploads.receive import receive
from server.uploads.schemas import OpenUpload
from server.uploads.spool import Spool
from storage import deletions
from storage.database.base import new_id
from storage.database.tables import Lesson, Upload, Video
from storage.objects import keys
from storage.objects.store import StoreError

log = structlog.get_logger()

ACTIVE_STATES = ("open", "received")


async def open_upload(
    context: UploadContext,
    viewer: Viewer,
    *,
    lesson_id: str,
    filename: str,
    content_type: str | None,
    size: int,
    now: datetime,
) -> Upload:
    """A row and an empty file. Refused before the first byte: role, course, size, room."""
    async with context.database.write() as session:
        upload = await add_row(
            session, context, viewer, lesson_id, filename, content_type=content_type, size=size, now=now
        )
        context.spool.create(upload.id)
    return upload


async def add_row(
    session: AsyncSession,
    context: UploadContext,
    viewer: Viewer,
    lesson_id: str,
    filename: str,
    *,
    content_type: str | None,
    size: int | None,
    now: datetime,
) -> Upload:
    """An unknown size (None) is let in while there is room at all."""
    lesson = await lesson_for_teaching(session, viewer, lesson_id)
    name = rules.clean_filename(filename)
    if not name:
        raise Invalid("The name of the file is needed.", fields={"filename": "Give the name of the file."})
    promised = await promised_bytes(session, context.spool)
    known = 1 if size is None else size
    rules.admit(
        known, max_upload_bytes=context.max_upload_bytes, free=context.spool.free_bytes(), promised=promised
    )
    upload_id = new_id()
    upload = Upload(
        id=upload_id,
        lesson_id=lesson.id,
        user_id=viewer.id,
        s3_key=keys.original(lesson.id, upload_id, name),
        filename=name,
        content_type=content_type,
        size=size,
        state="open",
        created_at=now,
        expires_at=rules.expiry(now, context.days),
    )
    session.add(upload)
    if lesson.video_id is None and lesson.video_status != "processing":
        lesson.video_status = "uploading"
    return upload


async def find(context: UploadContext, viewer: Viewer, upload_id: str) -> Upload:
    """For whoever may teach its lesson; NotFound for all others."""
    async with context.database.read() as session:
        upload = await session.get(Upload, upload_id)
        if upload is None:
            raise NotFound("There is no such upload.")
        await lesson_for_teaching(session, viewer, upload.lesson_id)
    if upload.state in ("expired", "cancelled"):
        raise Gone("This upload was given up. Start it again from the beginning.")
    return upload


def offset_of(context: UploadContext, upload: Upload) -> int:
    """Bytes that have arrived."""
    size = upload.size or 0
    if upload.state != "open":
        return size
    offset = context.spool.size(upload.id)
    if offset is None:
        raise Gone("The bytes of this upload are no longer here. Start it again from the beginning.")
    return offset


async def append(
    context: UploadContext,
    upload: Upload,
    body: AsyncIterator[bytes],
    *,
    offset: int,
    length: int | None,
    checksum: Checksum | None,
    now: datetime,
) -> int:
    """Take the body at `offset`; the new offset. `length` is what the request announces of it."""
    size = upload.size or 0
    stands = offset_of(context, upload)
    if offset != stands:
        raise WrongOffset(f"The upload stands at byte {stands}. Go on from there.")
    if length is not None and offset + length > size:
        raise TooLarge(f"The upload was announced with {size} bytes; this would be more.")
    if upload.state != "open" or offset == size:
        return size
    offset = await _write(context, upload, body, offset, checksum)
    async with context.database.write() as session:
        await session.execute(
            update(Upload)
            .where(Upload.id == upload.id, Upload.state == "open")
            .values(expires_at=rules.expiry(now, context.days))
        )
    return offset


async def _write(
    context: UploadContext, upload: Upload, body: AsyncIterator[bytes], offset: int, checksum: Checksum | None
) -> int:
    try:
        writer = await asyncio.to_thread(context.spool.open, upload.id)
    except FileNotFoundError:
        raise Conflict("This upload has just ended. Ask for its offset.") from None
    try:
        if writer.offset != offset:  # somebody wrote between our look and our lock
            raise WrongOffset(f"The upload stands at byte {writer.offset}. Go on from there.")
        await receive(writer, body, room=(upload.size or 0) - offset, checksum=checksum)
        return writer.offset
    finally:
        writer.close()


async def cancel(context: UploadContext, viewer: Viewer, upload_id: str, now: datetime) -> None:
    """Drop an upload that is not yet in the store. Conflict when it is."""
    upload = await find(context, viewer, upload_id)
    if not await give_up(context, upload, "cancelled", now):
        raise Conflict("This upload is complete already. Cancel its encoding instead.")


async def give_up(context: UploadContext, upload: Upload, state: str, now: datetime) -> bool:
    """False when it had left our hands. The row first: what a crash leaves lying, the sweep removes."""
    async with context.database.write() as session:
        taken = await session.scalar(
            update(Upload)
            .where(Upload.id == upload.id, Upload.state.in_(ACTIVE_STATES))
            .values(state=state)
            .returning(Upload.id)
        )
        if taken is None:
            return False
        await _reset_lesson(session, upload.lesson_id)
        await _mark_object(session, upload, now)
    context.spool.remove(upload.id)
    await _delete_object(context, upload)
    return True


async def discard_late(context: UploadContext, upload: Upload, now: datetime) -> None:
    """What arrived in the store for an upload that was given up, or whose lesson is gone."""
    async with context.database.write() as session:
        await _mark_object(session, upload, now)
    await _delete_object(context, upload)


async def _mark_object(session: AsyncSession, upload: Upload, now: datetime) -> None:
    await deletions.schedule(session, [upload.s3_key], rules.last_arrival(now, upload.expires_at))


async def _delete_object(context: UploadContext, upload: Upload) -> None:
    """At once where that is possible, else when its mark is due."""
    try:
        await context.store.delete(upload.s3_key)
    except StoreError as error:
        log.warning("the object of a dropped upload goes later", upload_id=upload.id, reason=str(error))


async def _reset_lesson(session: AsyncSession, lesson_id: str) -> None:
    """A lesson whose last upload under way was given up goes back to what it was."""
    lesson = await session.get(Lesson, lesson_id)
    others = await session.scalar(
        select(Upload.id).where(Upload.lesson_id == lesson_id, Upload.state.in_(ACTIVE_STATES)).limit(1)
    )
    if lesson is None or lesson.video_status != "uploading" or others is not None:
        return
    newest = await session.get(Video, lesson.transcoding_job_id) if lesson.transcoding_job_id else None
    lesson.video_status = "failed" if newest is not None and newest.state == "failed" else None


async def under_way(session: AsyncSession, spool: Spool, lesson_id: str) -> list[OpenUpload]:
    """What somebody has begun to send to this lesson by tus, oldest first."""
    rows = await session.scalars(
        select(Upload)
        .where(Upload.lesson_id == lesson_id, Upload.state.in_(ACTIVE_STATES))
        .order_by(Upload.created_at)
    )
    found = []
    for row in rows:
        offset = row.size if row.state == "received" else spool.size(row.id)
        if offset is not None and row.size is not None:
            storing = offset == row.size
            found.append(OpenUpload(row.id, row.filename, row.size, offset, storing, row.expires_at))
    return found


async def promised_bytes(session: AsyncSession, spool: Spool) -> int:
    """What the uploads under way have announced and not yet sent."""
    rows = await session.execute(
        select(Upload.id, Upload.size).where(Upload.state == "open", Upload.size.is_not(None))
    )
    return sum(max(0, (size or 0) - (spool.size(upload_id) or 0)) for upload_id, size in rows)
