"""Stop an encoding, and take a failed one up again."""

from datetime import datetime

from sqlalchemy import select

from server.accounts.identity import Viewer
from server.core.errors import Conflict
from server.encoding.schemas import Started
from server.encoding.start import STATUS
from server.library.access import lesson_for_teaching
from server.uploads.context import UploadContext
from server.uploads.service import give_up
from storage.database.tables import Upload, Video
from transcoder.jobs import api as jobs
from transcoder.jobs.revisions import ACTIVE


async def cancel(context: UploadContext, viewer: Viewer, lesson_id: str, now: datetime) -> Started:
    """A whole upload on its way into the store, and the newest revision.

    The upload would have become the newest one: when it is dropped, only what is still encoded
    goes with it, and a revision that has ended stays as it is.
    """
    dropped = await _give_up_storing(context, viewer, lesson_id, now)
    video = await _newest(context, viewer, lesson_id)  # after it: the upload may just have become one
    if video is None:
        if not dropped:
            raise Conflict("Nothing is being encoded here.")
        return Started(job_id=None, status=None)
    if dropped and video.state not in ACTIVE:
        return await _now(context, video.id)
    if video.state == "ready":
        raise Conflict("The encoding has ended and the lecture is ready. Delete the lesson to remove it.")
    await jobs.cancel(context.database, context.store, video.id, now)
    return await _now(context, video.id)


async def retry(context: UploadContext, viewer: Viewer, lesson_id: str, now: datetime) -> Started:
    video = await _newest(context, viewer, lesson_id)
    if video is None:
        raise Conflict("There is nothing to encode yet. Upload a file first.")
    try:
        await jobs.retry(context.database, context.queue, video.id, now)
    except jobs.NotPossible as error:
        raise Conflict(str(error)) from error
    return await _now(context, video.id)


async def _newest(context: UploadContext, viewer: Viewer, lesson_id: str) -> Video | None:
    async with context.database.read() as session:
        lesson = await lesson_for_teaching(session, viewer, lesson_id)
        return await session.get(Video, lesson.transcoding_job_id) if lesson.transcoding_job_id else None


async def _give_up_storing(context: UploadContext, viewer: Viewer, lesson_id: str, now: datetime) -> bool:
    async with context.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        rows = list(
            await session.scalars(
                select(Upload).where(Upload.lesson_id == lesson_id, Upload.state == "received")
            )
        )
    return any([await give_up(context, row, "cancelled", now) for row in rows])


async def _now(context: UploadContext, video_id: str) -> Started:
    async with context.database.read() as session:
        video = await session.get(Video, video_id)
    state = video.state if video else "failed"
    return Started(job_id=video_id, status=STATUS.get(state, "processing"))
