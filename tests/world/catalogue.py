"""Courses, lessons, instructors and enrolments. Steps: each runs in its caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.learning.files.rules import judge
from server.learning.texts.markdown import rendered
from server.learning.texts.rules import reading_seconds
from server.library.enrolments import enrol
from storage.database.base import new_id
from storage.database.tables import Course, CourseInstructor, Lesson, LessonFile, LessonText
from storage.states import FileKind, LessonKind, PublicationStatus

PUBLISHED = PublicationStatus.PUBLISHED


async def add_course(
    session: AsyncSession,
    title: str,
    *,
    at: datetime,
    instructors: Iterable[str] = (),
    learners: Iterable[str] = (),
    description: str = "",
    status: str = PUBLISHED,
) -> Course:
    """A course with the accounts of these ids; enrolling publishes its facts."""
    teachers = tuple(instructors)
    course = Course(
        id=new_id(),
        title=title,
        description=description,
        status=PublicationStatus(status),
        created_by=teachers[0] if teachers else None,
        created_at=at,
        updated_at=at,
    )
    session.add(course)
    await session.flush()
    session.add_all(CourseInstructor(course_id=course.id, user_id=user_id) for user_id in teachers)
    if enrolled := tuple(learners):
        await session.flush()
        await enrol(session, course.id, enrolled, actor_id=(teachers or enrolled)[0], now=at)
    return course


async def add_lesson(
    session: AsyncSession,
    course_id: str,
    title: str,
    *,
    at: datetime,
    description: str = "",
    status: str = PUBLISHED,
    position: int | None = None,
    kind: LessonKind | None = None,
    text: str | None = None,
) -> Lesson:
    """A lesson at the end of the course, unless `position` is given; a text lesson if it has a `text`."""
    if position is None:
        position = await session.scalar(select(func.count()).where(Lesson.course_id == course_id)) or 0
    lesson = Lesson(
        id=new_id(),
        course_id=course_id,
        title=title,
        description=description,
        position=position,
        kind=kind or (LessonKind.VIDEO if text is None else LessonKind.TEXT),
        status=PublicationStatus(status),
        created_at=at,
        updated_at=at,
    )
    session.add(lesson)
    if text:
        await session.flush()
        session.add(LessonText(lesson_id=lesson.id, markdown=text, version=2, updated_at=at))
        lesson.reading_seconds = reading_seconds(rendered(text).read)
    return lesson


async def add_file(
    session: AsyncSession, lesson_id: str, name: str, *, kind: FileKind, content: bytes, at: datetime
) -> LessonFile:
    """Row of a picture or an attachment with this content, without its object."""
    there = select(func.count()).where(LessonFile.lesson_id == lesson_id, LessonFile.kind == kind)
    row = LessonFile(
        id=new_id(),
        lesson_id=lesson_id,
        kind=kind,
        name=name,
        content_type=judge(kind, name, content).media_type,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        position=await session.scalar(there) or 0,
        created_at=at,
    )
    session.add(row)
    return row
