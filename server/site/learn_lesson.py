"""Learner's page of a lesson: player, description, discussion, and the outline of its course."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.web.headers import allow_inline_styles
from server.core.web.pages import page
from server.learning.discussion.panels import discussion
from server.learning.panels import completion, outline
from server.library import access, courses, lessons
from server.playback.panels import player
from server.playback.signing import SigningKeys
from server.watching.panels import watched
from storage.database.engine import Database


@get("/dashboard/courses/{course_id:str}/lessons/{lesson_id:str}", include_in_schema=False)
async def lesson_page(
    request: Request[Any, Any, Any],
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> Template:
    keys = await signing_keys()
    async with database.read() as session:
        lesson = await access.lesson_for_learning(session, viewer, lesson_id)
        if lesson.course_id != course_id:
            raise NotFound(access.NO_LESSON)
        can_edit = await access.is_teaching(session, viewer, course_id)
        course = await courses.shown(session, viewer, course_id)
        video = await player(session, viewer, lesson, keys, clock.now())
        progress = await watched(session, viewer, lesson, staff=can_edit, key=keys[0], now=clock.now())
        done = await completion(session, viewer, lesson, staff=can_edit)
        talk = await discussion(session, viewer, lesson, clock.now(), origin="lesson")
        lessons_of_course = await outline(session, viewer, lesson)
    allow_inline_styles(request)
    return page(
        request,
        "site/learn_lesson.html",
        viewer=viewer,
        course=course,
        lesson=lessons.view(lesson, can_edit=can_edit),
        video=video,
        progress=progress,
        completion=done,
        discussion=talk,
        outline=lessons_of_course,
    )


ROUTES: list[ControllerRouterHandler] = [lesson_page]
