"""Upload lifecycle from creation to the last byte. `finish.py` completes a whole upload."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Gone, Invalid, NotFound
from server.library.access import lesson_for_teaching, require_video_lesson
from server.uploads import rules
from server.uploads.context import UploadContext
from server.uploads.errors import ENDED
from server.uploads.schemas import OpenUpload
from storage import deletions
from storage.database.base import new_id
from storage.database.tables import Lesson, Upload, Video
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import StoreError
from storage.states import RevisionState, UploadState, VideoStatus

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
    """Create the row and an empty spool file. Role, course, size and free space are checked here,
    before the first byte."""
    async with context.database.write() as session:
        upload = await add_row(
            session,
            context,
            viewer,
            lesson_id,
            filename,
            content_type=content_type,
            size=size,
            host=context.host,
            now=now,
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
    host: str | None,
    now: datetime,
) -> Upload:
    """Insert the row. An unknown size (None) is admitted while any space is free.

    `host`: whose spool receives the bytes; None for a form, whose file any server or the store takes.
    """
    lesson = require_video_lesson(await lesson_for_teaching(session, viewer, lesson_id))
    name = _filename(filename)
    unfinished = select(func.count()).where(Upload.user_id == viewer.id, Upload.state == UploadState.OPEN)
    rules.allow_another(await session.scalar(unfinished) or 0)
    await _admit(session, context, 1 if size is None else size)
    upload_id = new_id()
    upload = Upload(
        id=upload_id,
        lesson_id=lesson.id,
        user_id=viewer.id,
        s3_key=keys.original(lesson.id, upload_id, name),
        filename=name,
        content_type=content_type,
        size=size,
        state=UploadState.OPEN,
        host=host,
        received=0,
        created_at=now,
        expires_at=rules.expiry(now, context.days),
    )
    session.add(upload)
    if lesson.video_id is None and lesson.video_status != VideoStatus.PROCESSING:
        lesson.video_status = VideoStatus.UPLOADING
    return upload


def _filename(given: str) -> str:
    name = rules.clean_filename(given)
    if not name:
        raise Invalid(
            N_("The name of the file is needed."), fields={"filename": N_("Give the name of the file.")}
        )
    return name


async def _admit(session: AsyncSession, context: UploadContext, size: int) -> None:
    """Raises TooLarge or NoRoom."""
    promised, free = await promised_bytes(session, context), context.spool.free_bytes()
    rules.admit(size, max_upload_bytes=context.max_upload_bytes, free=free, promised=promised)


async def find(context: UploadContext, viewer: Viewer, upload_id: str) -> Upload:
    """Upload of a lesson that the viewer may teach. Raises NotFound otherwise, Gone when it has ended."""
    async with context.database.read() as session:
        upload = await session.get(Upload, upload_id)
        if upload is None:
            raise NotFound(N_("There is no such upload."))
        await lesson_for_teaching(session, viewer, upload.lesson_id)
    if upload.state in (UploadState.EXPIRED, UploadState.CANCELLED):
        raise Gone(ENDED)
    return upload


def offset_of(context: UploadContext, upload: Upload) -> int:
    """Bytes received so far."""
    size = upload.size or 0
    if upload.state != UploadState.OPEN:
        return size
    offset = context.spool.size(upload.id)
    if offset is None:
        raise Gone(
            N_("The data of this upload is no longer on the server. Start it again from the beginning.")
        )
    return offset


async def cancel(context: UploadContext, viewer: Viewer, upload_id: str, now: datetime) -> None:
    """Cancel an upload that is not yet in the object store. Raises Conflict when it is."""
    upload = await find(context, viewer, upload_id)
    if not await abandon(context, upload, UploadState.CANCELLED, now):
        raise Conflict(N_("This upload is complete already. Cancel its encoding instead."))


async def abandon(context: UploadContext, upload: Upload, state: str, now: datetime) -> bool:
    """End an active upload as `state`; False when it is no longer active.

    The row is written first: after a crash the sweep removes the file, and so does another host's
    sweep when the file is in its spool.
    """
    async with context.database.write() as session:
        ended = await session.scalar(
            update(Upload)
            .where(Upload.id == upload.id, Upload.state.in_(ACTIVE_STATES))
            .values(state=state)
            .returning(Upload.id)
        )
        if ended is None:
            return False
        await _reset_lesson(session, upload.lesson_id)
        await _schedule_deletion(session, upload, now)
    context.spool.remove(upload.id)
    await _delete_object(context, upload)
    return True


async def discard_late_object(context: UploadContext, upload: Upload, now: datetime) -> None:
    """Delete an object stored for an upload that has ended meanwhile, or whose lesson was deleted."""
    async with context.database.write() as session:
        await _schedule_deletion(session, upload, now)
    await _delete_object(context, upload)


async def _schedule_deletion(session: AsyncSession, upload: Upload, now: datetime) -> None:
    await deletions.schedule(session, [upload.s3_key], rules.last_arrival(now, upload.expires_at))


async def _delete_object(context: UploadContext, upload: Upload) -> None:
    """Delete at once if the store is reachable, else when the scheduled deletion is due."""
    try:
        await context.store.delete(upload.s3_key)
    except StoreError as error:
        log.warning("upload object deletion deferred", upload_id=upload.id, reason=str(error))


async def _reset_lesson(session: AsyncSession, lesson_id: str) -> None:
    """Restore the status of a lesson whose last active upload has ended."""
    lesson = await session.get(Lesson, lesson_id)
    others = await session.scalar(
        select(Upload.id).where(Upload.lesson_id == lesson_id, Upload.state.in_(ACTIVE_STATES)).limit(1)
    )
    if lesson is None or lesson.video_status != VideoStatus.UPLOADING or others is not None:
        return
    newest = await session.get(Video, lesson.transcoding_job_id) if lesson.transcoding_job_id else None
    lesson.video_status = (
        VideoStatus.FAILED if newest is not None and newest.state == RevisionState.FAILED else None
    )


async def lesson_uploads(session: AsyncSession, lesson_id: str) -> list[Upload]:
    """Uploads of a lesson in any state, oldest first."""
    rows = await session.scalars(
        select(Upload).where(Upload.lesson_id == lesson_id).order_by(Upload.created_at)
    )
    return list(rows)


def active_uploads(context: UploadContext, rows: Iterable[Upload]) -> list[OpenUpload]:
    """Active tus uploads. The offset of one in another host's spool is the last one recorded in its row."""
    found = []
    for row in rows:
        offset = _shown_offset(context, row) if row.state in ACTIVE_STATES else None
        if offset is not None and row.size is not None:
            storing = offset == row.size
            found.append(OpenUpload(row.id, row.filename, row.size, offset, storing, row.expires_at))
    return found


def _shown_offset(context: UploadContext, upload: Upload) -> int | None:
    """None when there is nothing to resume: a form, or a file that was lost."""
    if upload.state == UploadState.RECEIVED:
        return upload.size
    return context.spool.size(upload.id) if context.holds(upload) else upload.received


async def promised_bytes(session: AsyncSession, context: UploadContext) -> int:
    """Bytes of free space that are reserved for open uploads to this host."""
    rows = await session.execute(
        select(Upload.id, Upload.size).where(
            Upload.state == UploadState.OPEN, Upload.size.is_not(None), context.held()
        )
    )
    return sum(rules.reserved(size or 0, context.spool.size(upload_id) or 0) for upload_id, size in rows)
