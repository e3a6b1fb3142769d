"""Instructor's page of a lesson: title, description, video and encoding progress.

Publishing and deleting are in server.library.pages, with the course.
"""

from collections.abc import Awaitable
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound, Problem
from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.encoding import control
from server.encoding.presentation import presented
from server.encoding.progress import snapshot, with_media_urls
from server.institution import service as institution
from server.library import access, courses, lessons
from server.library.schemas import LessonPatch, LessonView
from server.uploads import service
from server.uploads.context import UploadContext
from storage.database.engine import Database
from storage.messages import N_

AnyRequest = Request[Any, Any, State]
ACTIONS = {"cancel": control.cancel, "retry": control.retry}


@get("/")
async def show(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Template:
    lesson = await _lesson(upload_context.database, viewer, course_id, lesson_id)
    return await _page(request, viewer, upload_context, clock, lesson, Form())


@post("/")
async def save(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    lesson = await _lesson(upload_context.database, viewer, course_id, lesson_id)
    form = await Form.read(request)
    if form.restored:
        return await _page(request, viewer, upload_context, clock, lesson, form)
    patch = LessonPatch(title=form["title"], description=form["description"], version=form.version)
    try:
        await lessons.edit(
            upload_context.database, viewer, lesson_id, patch, clock.now(), started=form.started
        )
    except Problem as problem:
        return await _page(request, viewer, upload_context, clock, lesson, form.refused(problem))
    return redirect(request.url.path, _("Saved."), saved=form[KEY])


@post("/encoding")
async def control_encoding(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Redirect:
    """Form field `action`: cancel or retry."""
    await _lesson(upload_context.database, viewer, course_id, lesson_id)
    form = await Form.read(request)
    action = ACTIONS.get(form["action"])
    if action is None:
        raise NotFound(N_("There is no such action."))
    return await _back(course_id, lesson_id, action(upload_context, viewer, lesson_id, clock.now()))


@post("/discard")
async def discard(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    clock: NamedDependency[Clock],
) -> Redirect:
    """Form field `upload`: id of an incomplete upload."""
    await _lesson(upload_context.database, viewer, course_id, lesson_id)
    form = await Form.read(request)
    discarding = service.cancel(upload_context, viewer, form["upload"], clock.now())
    return await _back(course_id, lesson_id, discarding, _("The upload was discarded."))


async def _back(course_id: str, lesson_id: str, operation: Awaitable[object], message: str = "") -> Redirect:
    """Redirect to the lesson, with the outcome as a flash message."""
    here = _address(course_id, lesson_id)
    try:
        await operation
    except Problem as problem:
        return redirect(here, translated(problem.message), "warning")
    return redirect(here, message, "info")


async def _lesson(database: Database, viewer: Viewer, course_id: str, lesson_id: str) -> LessonView:
    async with database.read() as session:
        row = await access.lesson_for_teaching(session, viewer, lesson_id)
    if row.course_id != course_id:
        raise NotFound(access.NO_LESSON)
    return lessons.view(row, can_edit=True)


async def _page(
    request: AnyRequest,
    viewer: Viewer,
    upload_context: UploadContext,
    clock: Clock,
    lesson: LessonView,
    form: Form,
) -> Template:
    now = clock.now()
    async with upload_context.database.read() as session:
        progress = await snapshot(session, upload_context, lesson.id, now)
    if progress is None:
        raise NotFound(access.NO_LESSON)
    shown = presented(await with_media_urls(progress, upload_context.database, viewer, now))
    return page(
        request,
        "site/teach_lesson.html",
        viewer=viewer,
        status_code=form.status,
        course=await courses.get(upload_context.database, viewer, lesson.course_id),
        lesson=lesson,
        form=form,
        progress=shown,
        progress_json=msgspec.json.encode(shown).decode(),
        max_upload_bytes=upload_context.max_upload_bytes,
        days=upload_context.days,
        zone=(await institution.get(upload_context.database)).time_zone,
        here=_address(lesson.course_id, lesson.id),
    )


def _address(course_id: str, lesson_id: str) -> str:
    return f"/teach/courses/{course_id}/lessons/{lesson_id}"


ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/teach/courses/{course_id:str}/lessons/{lesson_id:str}",
        route_handlers=[show, save, control_encoding, discard],
    )
]
