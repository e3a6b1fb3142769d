"""Completion and progress (spec sections 2 and 8)."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.learning import completion, overview
from server.learning.completion import CourseProgress
from server.learning.files import api as files
from server.learning.overview import GoOn
from server.learning.texts import api as texts
from server.library.access import course_for_learning
from storage.database.engine import Database


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
    go_on,
    progress_of_course,
    *texts.ROUTES,
    *files.ROUTES,
]
