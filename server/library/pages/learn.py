"""What learners see: their courses, and the lessons of one."""

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.kit.pages import page
from server.library import courses, instructors, lessons, shelf
from server.library.pages.shared import AnyRequest, Posters
from storage.database.engine import Database


@get("/dashboard")
async def dashboard(request: AnyRequest, viewer: Viewer, database: Database, posters: Posters) -> Template:
    shelved = await shelf.of_learner(database, viewer)
    starts = [item.start for item in shelved if item.start]
    return page(
        request,
        "library/dashboard.html",
        viewer=viewer,
        shelf=shelved,
        posters=await posters(viewer, starts),
    )


@get("/dashboard/courses/{course_id:str}")
async def course(
    request: AnyRequest, course_id: str, viewer: Viewer, database: Database, posters: Posters
) -> Template:
    shown = await courses.get(database, viewer, course_id)
    inside = await lessons.of_course(database, viewer, course_id)
    return page(
        request,
        "library/learn_course.html",
        viewer=viewer,
        course=shown,
        lessons=inside,
        start=next((lesson for lesson in inside if lesson.playable), None),
        seconds=sum(lesson.video_duration_seconds or 0.0 for lesson in inside if lesson.playable),
        posters=await posters(viewer, inside),
        teachers=await instructors.of_course(database, viewer, course_id),
    )


ROUTES: list[ControllerRouterHandler] = [dashboard, course]
