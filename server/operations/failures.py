"""Latest failed encodings, for administrators."""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Course, Lesson, Video
from storage.messages import Message
from storage.states import RevisionState


class Failure(msgspec.Struct, frozen=True):
    """Lesson whose newest revision failed."""

    lesson_id: str
    course_id: str
    title: str
    course: str
    filename: str
    sentence: Message | None
    at: datetime


async def latest(session: AsyncSession, limit: int = 5) -> list[Failure]:
    """Failures, newest first."""
    at = Video.finished_at
    rows = await session.execute(
        select(Lesson, Course.title, Video)
        .join(Video, Video.id == Lesson.transcoding_job_id)
        .join(Course, Course.id == Lesson.course_id)
        .where(Video.state == RevisionState.FAILED)
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
            sentence=video.error,
            at=video.finished_at or video.created_at,
        )
        for lesson, course, video in rows
    ]
