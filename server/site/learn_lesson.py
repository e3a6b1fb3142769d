"""Learner's page of a lesson: its content, attachments, discussion, and the outline of its course."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Conflict, NotFound
from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.headers import allow_inline_styles
from server.core.web.pages import page
from server.gamification.learner import celebrating, completing
from server.learning import panels
from server.learning.discussion.panels import discussion
from server.learning.quizzes import panels as quizzes
from server.learning.texts import service as texts
from server.library import access, courses, lessons
from server.playback.panels import player
from server.playback.signing import SigningKeys
from server.watching.panels import watched
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.states import LessonKind

PAGE = "/dashboard/courses/{course_id:str}/lessons/{lesson_id:str}"


@get(PAGE, include_in_schema=False)
async def lesson_page(
    request: Request[Any, Any, Any],
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> Template:
    keys, now = await signing_keys(), clock.now()
    async with database.read() as session:
        lesson = await _lesson(session, viewer, course_id, lesson_id)
        can_edit = await access.is_teaching(session, viewer, course_id)
        shown: dict[str, Any] = {
            "course": await courses.shown(session, viewer, course_id),
            "lesson": lessons.view(lesson, can_edit=can_edit),
            "outline": await panels.outline(session, viewer, lesson),
            **dict.fromkeys(("video", "progress", "completion")),
            "quiz": await quizzes.learn(session, viewer, lesson),
            "attachments": await panels.attachments(session, lesson),
            "discussion": await discussion(session, viewer, lesson, now, origin="lesson"),
        }
        if lesson.kind == LessonKind.TEXT:
            shown["text"] = await panels.text(session, viewer, lesson, staff=can_edit)
        elif lesson.kind == LessonKind.VIDEO:
            allow_inline_styles(request)
            shown["video"] = await player(session, viewer, lesson, keys, now)
            shown["progress"] = await watched(session, viewer, lesson, staff=can_edit, key=keys[0], now=now)
            shown["completion"] = await panels.completion(session, viewer, lesson, staff=can_edit)
    if lesson.kind != LessonKind.TEXT:
        return page(request, "site/learn_lesson.html", viewer=viewer, **shown)
    if not can_edit and not _is_prefetched(request):
        await texts.opened(database, viewer, lesson_id, now)
    return page(request, "site/learn_text.html", viewer=viewer, **shown)


@post(PAGE + "/read", include_in_schema=False)
async def mark_as_read(
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    """Complete a text lesson."""
    async with database.read() as session:
        texts.require_text(await _lesson(session, viewer, course_id, lesson_id))
    here = f"/dashboard/courses/{course_id}/lessons/{lesson_id}"
    try:
        done = await completing.complete(database, viewer, lesson_id, clock.now())
    except Conflict as problem:
        return redirect(here, translated(problem.message), "warning")
    if not done.xp_awarded:
        return redirect(here, _("The lesson is completed."))
    earned = (await celebrating.take(database, viewer.id, clock.now(), xp=done.xp_awarded)).told
    return redirect(here, _("The lesson is completed: %(earned)s") % {"earned": earned})


async def _lesson(session: AsyncSession, viewer: Viewer, course_id: str, lesson_id: str) -> Lesson:
    """Step: the lesson of this address. Raises NotFound, with the way to a course that the viewer is in."""
    try:
        lesson = await access.lesson_for_learning(session, viewer, lesson_id)
        if lesson.course_id != course_id:
            raise NotFound(access.NO_LESSON)
    except NotFound:
        course = await access.course_for_learning(session, viewer, course_id)
        raise NotFound(access.NO_LESSON, way_on=f"/dashboard/courses/{course.id}") from None
    return lesson


def _is_prefetched(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser fetches the page ahead, without anybody having opened it."""
    return "prefetch" in request.headers.get("sec-purpose", "")


ROUTES: list[ControllerRouterHandler] = [lesson_page, mark_as_read]
