"""Learner's page of a course: its lessons, how far the learner is, and what others say of it."""

from collections.abc import Sequence

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.learning import overview
from server.learning.certificates import service as certificates
from server.learning.completion import progress_by_lessons
from server.learning.overview import LessonProgress
from server.learning.reviews.service import rating
from server.library import access, courses, instructors, lessons
from server.library.pages.shared import AnyRequest
from server.library.schemas import LessonView, MediaUrls
from storage.database.engine import Database
from storage.states import PublicationStatus


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
        inside = await lessons.shown(session, shown)
        posters = media_urls.posters(keys, viewer, inside)
        teachers = await instructors.shown(session, shown)
        done = await overview.lesson_progress(session, viewer, [lesson.id for lesson in inside])
        required = [done[one.id].completed for one in inside if _counts(one)]
        progress = await progress_by_lessons(session, viewer.id, course_id, required)
        # Nobody else sees a course, and nobody else has a certificate: two questions fewer of most pages.
        enrolled = not shown.can_edit or await access.is_enrolled(session, viewer, course_id)
        certificate = (
            await certificates.of_learner_in(session, viewer, course_id) if progress.completed else None
        )
        rated = await rating(session, course_id)
    return page(
        request,
        "site/learn_course.html",
        viewer=viewer,
        course=shown,
        lessons=inside,
        start=_start([lesson for lesson in inside if lesson.available], done),
        done=done,
        progress=progress,
        enrolled=enrolled,
        certificate=certificate,
        seconds=sum(lesson.seconds for lesson in inside),
        posters=posters,
        teachers=teachers,
        rating=rated,
    )


def _counts(lesson: LessonView) -> bool:
    return lesson.available and lesson.status == PublicationStatus.PUBLISHED


def _start(available: Sequence[LessonView], done: dict[str, LessonProgress]) -> LessonView | None:
    """First lesson that can be learned and is not completed, else the first."""
    open_ones = [lesson for lesson in available if not done[lesson.id].completed]
    return next(iter([*open_ones, *available]), None)


ROUTES: list[ControllerRouterHandler] = [course]
