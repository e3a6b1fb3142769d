"""What went wrong lately, for those who can do something about it."""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Course, Lesson, Video


class Failure(msgspec.Struct, frozen=True):
    """A lesson whose newest video could not be prepared."""

    lesson_id: str
    course_id: str
    title: str
    course: str
    filename: str
    sentence: str
    at: datetime


async def latest(session: AsyncSession, limit: int = 5) -> list[Failure]:
    """The newest first."""
    at = Video.finished_at
    rows = await session.execute(
        select(Lesson, Course.title, Video)
        .join(Video, Video.id == Lesson.transcoding_job_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(Video.state == "failed")
        .order_by(at.desc(), Video.id.desc())
        .limit(limit)
    )
    return [
        Failure(
            lesson_id=lesson.id,
            course_id=lesson.course_id,
            title=lesson.title,
            course=course,
            filename=video.filename,
            sentence=video.error or "",
            at=video.finished_at or video.created_at,
        )
        for lesson, course, video in rows
    ]
