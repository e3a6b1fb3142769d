"""Completion and progress (spec sections 2 and 8)."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.text.formats import translated
from server.learning import completion, overview
from server.learning.completion import CourseProgress
from server.learning.files import api as files
from server.learning.overview import GoOn
from server.learning.texts import api as texts
from server.library.access import course_for_learning
from storage.database.engine import Database
from storage.messages import N_


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """Response to a completion."""

    message: str
    course_completed: bool


@post("/api/lessons/{lesson_id:str}/complete", status_code=200, tags=["Learning"])
async def complete_lesson(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Completed:
    """Complete a lesson: a text that was read, or a video, refused with what is missing until enough of it
    was watched. Idempotent."""
    course_completed = await completion.complete(database, viewer, lesson_id, clock.now())
    return Completed(message=translated(N_("The lesson is completed.")), course_completed=course_completed)


@get("/api/me/continue", tags=["Learning"])
async def go_on(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> list[GoOn]:
    """The courses that the caller visited last, each with the lesson to go on with."""
    async with database.read() as session:
        return await overview.go_on(session, viewer)


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


ROUTES: list[ControllerRouterHandler] = [
    complete_lesson,
    go_on,
    progress_of_course,
    *texts.ROUTES,
    *files.ROUTES,
]
