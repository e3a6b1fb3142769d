"""Lesson actions in a course: create, reorder, publish, delete."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form, submitted
from server.core.web.pages import page
from server.library import lessons
from server.library.pages.course import lessons_page
from server.library.pages.shared import AnyRequest, taught_course, taught_lesson
from server.library.schemas import LessonPatch, MediaUrls, NewLesson, Talk
from storage.database.engine import Database
from storage.states import LessonKind, PublicationStatus

COURSE = "/teach/courses/{course_id:str}"
LESSON = COURSE + "/lessons/{lesson_id:str}"
STEPS = {"up": -1, "down": 1}


@post(COURSE + "/lessons")
async def create(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    media_urls: NamedDependency[MediaUrls],
    talk: NamedDependency[Talk],
) -> Response[Any] | Template:
    """Redirects to the new lesson's page, where its video is uploaded or its text is written."""
    form = await Form.read(request)
    if form.restored:
        return await lessons_page(request, course_id, viewer, database, media_urls, talk, form)
    try:
        new = NewLesson(form["title"], kind=form["kind"] or LessonKind.VIDEO)
        made = await lessons.create(database, viewer, course_id, new, clock.now())
    except Problem as problem:
        if not problem.fields:
            raise
        return await lessons_page(
            request, course_id, viewer, database, media_urls, talk, form.refused(problem)
        )
    return redirect(f"/teach/courses/{course_id}/lessons/{made.id}")


@post(COURSE + "/lessons/order")
async def put_in_order(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Form with one field `lesson` per lesson id, in the wanted order."""
    wanted = [str(lesson_id) for lesson_id in (await submitted(request)).getall("lesson", [])]
    await lessons.put_in_order(database, viewer, course_id, wanted)
    return redirect(f"/teach/courses/{course_id}")


@post(LESSON + "/move")
async def move(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Response[Any]:
    form = await Form.read(request)
    await taught_lesson(database, viewer, course_id, lesson_id)
    await lessons.move(database, viewer, lesson_id, STEPS.get(form["to"], 0))
    return redirect(f"/teach/courses/{course_id}#lesson-{lesson_id}")


@post(LESSON + "/status")
async def change_status(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Redirects to the course, or with `from=lesson` to the lesson's own page."""
    form = await Form.read(request)
    await taught_lesson(database, viewer, course_id, lesson_id)
    changed = await lessons.edit(database, viewer, lesson_id, LessonPatch(status=form["status"]), clock.now())
    tone = "success"
    if changed.status != PublicationStatus.PUBLISHED:
        message = _("“%(title)s” is a draft again: learners do not see it.")
    elif changed.available:
        message = _("“%(title)s” is published.")
    else:
        tone = "warning"
        message = _(
            "“%(title)s” is published, but empty: it does not count for the course until there is something."
        )
    here = f"/teach/courses/{course_id}"
    target = f"{here}/lessons/{lesson_id}" if form["from"] == "lesson" else here
    return redirect(target, message % {"title": changed.title}, tone)


@get(LESSON + "/delete")
async def ask_to_delete(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    lesson = await taught_lesson(database, viewer, course_id, lesson_id)
    course = await taught_course(database, viewer, course_id)
    return page(request, "library/delete_lesson.html", viewer=viewer, course=course, lesson=lesson)


@post(LESSON + "/delete")
async def delete(
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    lesson = await taught_lesson(database, viewer, course_id, lesson_id)
    await lessons.delete(database, viewer, lesson_id, clock.now())
    return redirect(f"/teach/courses/{course_id}", _("“%(title)s” is deleted.") % {"title": lesson.title})


ROUTES: list[ControllerRouterHandler] = [create, put_in_order, move, change_status, ask_to_delete, delete]
