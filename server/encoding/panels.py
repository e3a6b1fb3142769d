"""Video of a lesson with its upload and encoding, as a panel of the instructor's page."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.core.web.pages import Panel
from server.encoding.presentation import presented
from server.encoding.progress import snapshot, with_media_urls
from server.institution import service as institution
from server.library.access import NO_LESSON
from server.uploads.context import UploadContext
from storage.database.tables import Lesson
from transcoder.jobs.originals import UNDO_TIME, removal_of


async def video(
    session: AsyncSession,
    context: UploadContext,
    viewer: Viewer,
    lesson: Lesson,
    keys: Sequence[bytes],
    now: datetime,
) -> Panel:
    """Step. The caller has checked that the viewer teaches the lesson."""
    progress = await snapshot(session, context, lesson.id, now)
    if progress is None:  # not within the read that found the lesson
        raise NotFound(NO_LESSON)
    shown = presented(with_media_urls(progress, keys, viewer, now))
    return Panel(
        "encoding/panel.html",
        {
            "lesson": lesson,
            "progress": shown,
            "progress_json": msgspec.json.encode(shown).decode(),
            "max_upload_bytes": context.max_upload_bytes,
            "days": context.days,
            "original": await removal_of(session, lesson.video_id),
            "undo_time": UNDO_TIME,
            "zone": (await institution.shown(session)).time_zone,
        },
    )
