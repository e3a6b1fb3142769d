"""Learner's page of a lesson: player, description, and link to the next lesson."""

from typing import Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.signing_keys import live_keys
from server.core.web.headers import allow_inline_styles
from server.core.web.pages import page
from server.library import access, courses, lessons
from server.playback.service import playback
from server.playback.signing import PURPOSE
from storage.database.engine import Database


@get("/dashboard/courses/{course_id:str}/lessons/{lesson_id:str}", include_in_schema=False)
async def lesson_page(
    request: Request[Any, Any, Any],
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    keys = await live_keys(database, PURPOSE, clock.now())
    async with database.read() as session:
        lesson = await access.lesson_for_learning(session, viewer, lesson_id)
        if lesson.course_id != course_id:
            raise NotFound(access.NO_LESSON)
        shown = await playback(session, lesson, viewer.id, keys, clock.now())
    course = await courses.get(database, viewer, course_id)
    siblings = await lessons.of_course(database, viewer, course_id)
    index = next(number for number, sibling in enumerate(siblings) if sibling.id == lesson_id)
    allow_inline_styles(request)
    return page(
        request,
        "site/learn_lesson.html",
        viewer=viewer,
        course=course,
        lesson=siblings[index],
        lessons=siblings,
        following=siblings[index + 1] if index + 1 < len(siblings) else None,
        playback=shown,
        playback_json=msgspec.json.encode(shown).decode(),
    )


ROUTES: list[ControllerRouterHandler] = [lesson_page]
