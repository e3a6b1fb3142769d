"""Start encoding what a form brought. What tus brings starts by itself."""

from datetime import datetime

from sqlalchemy import select

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from server.encoding.schemas import Started, StartTranscode
from server.library.access import lesson_for_teaching
from server.uploads.context import UploadContext
from server.uploads.finish import mark_stored, submit
from server.uploads.rules import human_size
from storage.database.tables import Upload
from storage.objects.store import StoreError
from transcoder.jobs.api import NotPossible

STATUS = {"ready": "ready", "failed": "failed", "cancelled": "failed"}  # of a lesson, by a video's state


async def start(context: UploadContext, viewer: Viewer, wanted: StartTranscode, now: datetime) -> Started:
    """The second call for the same object returns the same job."""
    upload = await _find(context, viewer, wanted)
    if upload.state == "received":
        raise Conflict("The file is still being stored; its encoding starts by itself.")
    if upload.state == "open":
        marked = await mark_stored(context, upload, await _arrived_bytes(context, upload), now)
        if marked is None:
            raise Conflict("This upload was given up. Ask for a new form.")
        upload = marked
    try:
        video = await submit(context, upload, now)
    except NotPossible as error:
        raise Conflict(str(error)) from error
    return Started(job_id=video.id, status=STATUS.get(video.state, "processing"))


async def _find(context: UploadContext, viewer: Viewer, wanted: StartTranscode) -> Upload:
    async with context.database.read() as session:
        lesson = await lesson_for_teaching(session, viewer, wanted.lesson_id)
        upload = await session.scalar(
            select(Upload).where(Upload.s3_key == wanted.s3_key, Upload.lesson_id == lesson.id)
        )
    if upload is None:
        raise NotFound("No upload with this s3_key belongs to this lesson. Ask for one by upload/init.")
    if upload.state in ("expired", "cancelled"):
        raise Conflict("This upload was given up. Ask for a new form.")
    return upload


async def _arrived_bytes(context: UploadContext, upload: Upload) -> int:
    try:
        info = await context.store.stat(upload.s3_key)
    except StoreError as error:
        raise Unavailable("The object store cannot be reached just now. Try again in a minute.") from error
    if info is None:
        raise Conflict("The file has not arrived yet. Send the form first, then start the encoding.")
    if info.size == 0:
        raise Invalid("The file is empty. Choose the file with the recording in it.")
    if upload.size is not None and info.size != upload.size:
        raise Conflict(
            f"The upload announced {human_size(upload.size)}, and {human_size(info.size)} arrived. "
            "Send it again."
        )
    if info.size > context.max_upload_bytes:
        most = human_size(context.max_upload_bytes)
        raise TooLarge(f"The file has {human_size(info.size)}; at most {most} is accepted.")
    return info.size
