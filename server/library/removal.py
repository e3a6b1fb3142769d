"""Deleting lessons for good: the rows now, the files a little later.

The files are only marked here. Deleting them first would leave a lesson that cannot play if
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


async def of_lessons(session: AsyncSession, lessons: Sequence[Lesson], now: datetime) -> None:
    """In the caller's transaction. Videos, jobs and uploads go with the lesson's row."""
    soon = now + deletions.GRACE
    ids = [lesson.id for lesson in lessons]
    videos = await session.scalars(select(Video.id).where(Video.lesson_id.in_(ids)))
    await deletions.schedule(session, [keys.video(video_id) for video_id in videos], soon)
    # A signed form that was handed out may still bring an original until it expires.
    open_until = await session.execute(
        select(Upload.lesson_id, func.max(Upload.expires_at))
        .where(Upload.lesson_id.in_(ids), Upload.state == "open")
        .group_by(Upload.lesson_id)
    )
    last = dict(open_until.all())
    for lesson in lessons:
        due_at = max(soon, last.get(lesson.id, soon))
        await deletions.schedule(session, [f"{keys.ORIGINALS}{lesson.id}/"], due_at)
        await session.delete(lesson)
    await session.flush()  # before the course itself goes, which would take them along unseen
