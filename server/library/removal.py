"""Deletion of lessons: the rows at once, the files after a grace period.

The files are only scheduled for deletion here. Deleting them first would leave a lesson that cannot play if
the machine died in between; and a worker that is still encoding one notices within its lease
that its job's row is gone, so nothing is written after the files have been deleted.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import deletions
from storage.database.tables import Lesson, Upload, Video
from storage.objects import keys
from storage.states import UploadState


async def of_lessons(session: AsyncSession, lessons: Sequence[Lesson], now: datetime) -> None:
    """Runs in the caller's transaction. Videos, jobs, uploads, texts and rows of files are deleted with the
    lesson's row."""
    after_grace = now + deletions.GRACE
    ids = [lesson.id for lesson in lessons]
    # Locked before the lessons, as by uploads that end and by whatever changes an encoding: two requests
    # that take them in different orders would wait for each other.
    uploads = select(Upload.id).where(Upload.lesson_id.in_(ids)).order_by(Upload.id).with_for_update()
    await session.execute(uploads)
    videos = await session.scalars(
        select(Video.id).where(Video.lesson_id.in_(ids)).order_by(Video.id).with_for_update()
    )
    await deletions.schedule(session, [keys.video(video_id) for video_id in videos], after_grace)
    # A signed upload form that was issued can still store an original until it expires.
    open_until = await session.execute(
        select(Upload.lesson_id, func.max(Upload.expires_at))
        .where(Upload.lesson_id.in_(ids), Upload.state == UploadState.OPEN)
        .group_by(Upload.lesson_id)
    )
    expiry = dict(open_until.all())
    for lesson in lessons:
        due_at = max(after_grace, expiry.get(lesson.id, after_grace))
        await deletions.schedule(session, [f"{keys.ORIGINALS}{lesson.id}/"], due_at)
        await deletions.schedule(session, [keys.lesson_files(lesson.id)], after_grace)
        await session.delete(lesson)
    await session.flush()  # before the course itself is deleted, whose cascade would bypass the session
