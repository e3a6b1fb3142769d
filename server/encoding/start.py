"""Start of encoding after an upload by form. After tus it starts automatically."""

from datetime import datetime

from sqlalchemy import select

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from server.encoding.schemas import Started, StartTranscode
from server.library.access import lesson_for_teaching
from server.uploads.context import UploadContext
from server.uploads.finish import mark_stored, submit
from storage.database.tables import Upload
from storage.messages import N_, byte_size
from storage.objects.store import StoreError
from storage.states import UploadState
from transcoder.jobs.api import NotPossible

STATUS = {
    "ready": "ready",
    "failed": "failed",
    "cancelled": "failed",
}  # state of a revision -> status of its lesson


async def start(context: UploadContext, viewer: Viewer, wanted: StartTranscode, now: datetime) -> Started:
    """Submit the object. Idempotent: a second call for it returns the same job."""
    upload = await _find(context, viewer, wanted)
    if upload.state == UploadState.RECEIVED:
        raise Conflict(N_("The file is still being stored; its encoding starts automatically."))
    if upload.state == UploadState.OPEN:
        stored = await mark_stored(context, upload, await _stored_bytes(context, upload), now)
        if stored is None:
            raise Conflict(N_("This upload was cancelled or has expired. Ask for a new form."))
        upload = stored
    try:
        video = await submit(context, upload, now)
    except NotPossible as error:
        raise Conflict(error.message) from error
    return Started(job_id=video.id, status=STATUS.get(video.state, "processing"))


async def _find(context: UploadContext, viewer: Viewer, wanted: StartTranscode) -> Upload:
    async with context.database.read() as session:
        lesson = await lesson_for_teaching(session, viewer, wanted.lesson_id)
        upload = await session.scalar(
            select(Upload).where(Upload.s3_key == wanted.s3_key, Upload.lesson_id == lesson.id)
        )
    if upload is None:
        raise NotFound(N_("No upload with this s3_key belongs to this lesson. Ask for one by upload/init."))
    if upload.state in (UploadState.EXPIRED, UploadState.CANCELLED):
        raise Conflict(N_("This upload was cancelled or has expired. Ask for a new form."))
    return upload


async def _stored_bytes(context: UploadContext, upload: Upload) -> int:
    try:
        info = await context.store.stat(upload.s3_key)
    except StoreError as error:
        raise Unavailable(
            N_("The object store cannot be reached just now. Try again in a minute.")
        ) from error
    if info is None:
        raise Conflict(N_("The file has not arrived yet. Send the form first, then start the encoding."))
    if info.size == 0:
        raise Invalid(N_("The file is empty. Choose the file with the recording in it."))
    if upload.size is not None and info.size != upload.size:
        raise Conflict(
            N_("The upload announced %(announced)s, and %(arrived)s arrived. Send it again."),
            announced=byte_size(upload.size),
            arrived=byte_size(info.size),
        )
    if info.size > context.max_upload_bytes:
        raise TooLarge(
            N_("The file has %(size)s; at most %(limit)s is accepted."),
            size=byte_size(info.size),
            limit=byte_size(context.max_upload_bytes),
        )
    return info.size
