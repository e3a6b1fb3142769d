"""Cancel and retry of a lesson's encoding."""

from datetime import datetime

from sqlalchemy import select

from server.accounts.identity import Viewer
from server.core.errors import Conflict
from server.encoding.schemas import Started
from server.encoding.start import STATUS
from server.library.access import lesson_for_teaching
from server.uploads.context import UploadContext
from server.uploads.service import abandon
from storage.database.tables import Upload, Video
from storage.messages import N_
from storage.states import RevisionState, UploadState
from transcoder.jobs import api as jobs
from transcoder.jobs.revisions import ACTIVE


async def cancel(context: UploadContext, viewer: Viewer, lesson_id: str, now: datetime) -> Started:
    """Cancel the whole upload that is being stored, and the newest revision.

    The upload would have become the newest revision: when it is cancelled, a revision that is still
    being encoded is cancelled too, and one that has ended stays as it is.
    """
    cancelled = await _cancel_storing(context, viewer, lesson_id, now)
    video = await _newest(
        context, viewer, lesson_id
    )  # read afterwards: the upload may just have become a revision
    if video is None:
        if not cancelled:
            raise Conflict(N_("Nothing is being encoded here."))
        return Started(job_id=None, status=None)
    if cancelled and video.state not in ACTIVE:
        return await _current(context, video.id)
    if video.state == RevisionState.READY:
        raise Conflict(N_("The encoding has ended and the lecture is ready. Delete the lesson to remove it."))
    await jobs.cancel(context.database, context.store, video.id, now)
    return await _current(context, video.id)


async def retry(context: UploadContext, viewer: Viewer, lesson_id: str, now: datetime) -> Started:
    video = await _newest(context, viewer, lesson_id)
    if video is None:
        raise Conflict(N_("There is nothing to encode yet. Upload a file first."))
    try:
        await jobs.retry(context.database, context.queue, video.id, now)
    except jobs.NotPossible as error:
        raise Conflict(error.message) from error
    return await _current(context, video.id)


async def _newest(context: UploadContext, viewer: Viewer, lesson_id: str) -> Video | None:
    async with context.database.read() as session:
        lesson = await lesson_for_teaching(session, viewer, lesson_id)
        return await session.get(Video, lesson.transcoding_job_id) if lesson.transcoding_job_id else None


async def _cancel_storing(context: UploadContext, viewer: Viewer, lesson_id: str, now: datetime) -> bool:
    async with context.database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
        rows = list(
            await session.scalars(
                select(Upload).where(Upload.lesson_id == lesson_id, Upload.state == UploadState.RECEIVED)
            )
        )
    return any([await abandon(context, row, UploadState.CANCELLED, now) for row in rows])


async def _current(context: UploadContext, video_id: str) -> Started:
    async with context.database.read() as session:
        video = await session.get(Video, video_id)
    state = video.state if video else "failed"
    return Started(job_id=video_id, status=STATUS.get(state, "processing"))
