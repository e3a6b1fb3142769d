"""Completion and progress (spec sections 2 and 8)."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.learning import completion
from server.learning.completion import Completed, CourseProgress
from server.library.access import course_for_learning
from storage.database.engine import Database


@post("/api/lessons/{lesson_id:str}/complete", status_code=200, tags=["Learning"])
async def complete_lesson(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Completed:
    """Complete a lesson. Refused with what is missing until enough of its video was watched; idempotent."""
    return await completion.complete(database, viewer, lesson_id, clock.now())


@get("/api/courses/{course_id:str}/progress", tags=["Learning"])
async def progress_of_course(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> CourseProgress:
    """The caller's progress through a course."""
    async with database.read() as session:
        await course_for_learning(session, viewer, course_id)
        return (await completion.course_progress(session, viewer.id, [course_id]))[course_id]


ROUTES: list[ControllerRouterHandler] = [complete_lesson, progress_of_course]
