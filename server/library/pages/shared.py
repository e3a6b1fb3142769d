"""Helpers shared by the pages of this feature."""

from typing import Any

from litestar import Request
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Forbidden, NotFound
from server.library import access, courses, lessons
from server.library.schemas import CourseView, LessonView
from storage.database.engine import Database

AnyRequest = Request[Any, Any, State]


async def taught_course(database: Database, viewer: Viewer, course_id: str) -> CourseView:
    async with database.read() as session:
        return await taught(session, viewer, course_id)


async def taught(session: AsyncSession, viewer: Viewer, course_id: str) -> CourseView:
    """Step: course that the viewer teaches. Raises Forbidden for its learners, NotFound for others."""
    course = await courses.shown(session, viewer, course_id)
    if not course.can_edit:
        raise Forbidden(access.NOT_TEACHING)
    return course


async def taught_lesson(database: Database, viewer: Viewer, course_id: str, lesson_id: str) -> LessonView:
    """Like `taught_course`; NotFound, too, when the lesson belongs to another course."""
    lesson = await lessons.get(database, viewer, lesson_id)
    if lesson.course_id != course_id:
        raise NotFound(access.NO_LESSON)
    if not lesson.can_edit:
        raise Forbidden(access.NOT_TEACHING)
    return lesson
