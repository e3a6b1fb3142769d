"""Learner's page of a course."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.library import courses, instructors, lessons
from server.library.pages.shared import AnyRequest
from server.library.schemas import MediaUrls
from storage.database.engine import Database


@get("/dashboard/courses/{course_id:str}")
async def course(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    media_urls: NamedDependency[MediaUrls],
) -> Template:
    keys = await media_urls.keys()
    async with database.read() as session:
        shown = await courses.shown(session, viewer, course_id)
        inside = await lessons.shown(session, viewer, course_id)
        posters = await media_urls.posters(session, keys, viewer, inside)
        teachers = await instructors.shown(session, viewer, course_id)
    return page(
        request,
        "library/learn_course.html",
        viewer=viewer,
        course=shown,
        lessons=inside,
        start=next((lesson for lesson in inside if lesson.playable), None),
        seconds=sum(lesson.video_duration_seconds or 0.0 for lesson in inside if lesson.playable),
        posters=posters,
        teachers=teachers,
    )


ROUTES: list[ControllerRouterHandler] = [course]
