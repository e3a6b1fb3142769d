"""Courses, lessons, instructors and enrolments. Steps: each runs in its caller's transaction."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.library.enrolments import enrol
from storage.database.base import new_id
from storage.database.tables import Course, CourseInstructor, Lesson
from storage.states import LessonKind, PublicationStatus

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
    kind: str = LessonKind.VIDEO,
) -> Lesson:
    """A lesson at the end of the course, unless `position` is given."""
    if position is None:
        position = await session.scalar(select(func.count()).where(Lesson.course_id == course_id)) or 0
    lesson = Lesson(
        id=new_id(),
        course_id=course_id,
        title=title,
        description=description,
        position=position,
        kind=LessonKind(kind),
        status=PublicationStatus(status),
        created_at=at,
        updated_at=at,
    )
    session.add(lesson)
    return lesson
