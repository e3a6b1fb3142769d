"""Instructor's page of a lesson: panels of its video, texts and discussion, and what their buttons do.

Publishing and deleting are in server.library.pages, with the course.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound, Problem
from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.encoding import control
from server.encoding import panels as encoding
from server.institution import service as institution
from server.learning.discussion.panels import discussion
from server.library import access, courses, lessons
from server.library import panels as library
from server.library.schemas import LessonPatch
from server.playback.signing import SigningKeys
from server.uploads import service as uploads
from server.uploads.context import UploadContext
from storage.database.tables import Lesson
from storage.messages import N_

AnyRequest = Request[Any, Any, State]
ACTIONS = {"cancel": control.cancel, "retry": control.retry}


@dataclass(frozen=True)
class Visit:
    """A request for one lesson's page: by whom, at which address, and what its answer is made from."""

    request: AnyRequest
    course_id: str
    lesson_id: str
    viewer: Viewer
    context: UploadContext
    signing_keys: SigningKeys
    clock: Clock

    async def lesson(self, session: AsyncSession) -> Lesson:
        """Step: the lesson of this address, if the viewer teaches it. Raises NotFound."""
        lesson = await access.lesson_for_teaching(session, self.viewer, self.lesson_id)
        if lesson.course_id != self.course_id:
            raise NotFound(access.NO_LESSON)
        return lesson

    async def read_form(self) -> Form:
        """Form of a request that may change the lesson. Raises NotFound."""
        async with self.context.database.read() as session:
            await self.lesson(session)
        return await Form.read(self.request)

    async def page(self, form: Form) -> Template:
        now, keys = self.clock.now(), await self.signing_keys()
        async with self.context.database.read() as session:
            lesson = await self.lesson(session)
            course = await courses.shown(session, self.viewer, self.course_id)
            video = await encoding.video(session, self.context, self.viewer, lesson, keys, now)
            talk = await discussion(session, self.viewer, lesson, now, origin="teach")
            time_zone = (await institution.shown(session)).time_zone
        shown = lessons.view(lesson, can_edit=True)
        return page(
            self.request,
            "site/teach_lesson.html",
            viewer=self.viewer,
            status_code=form.status,
            course=course,
            lesson=shown,
            video=video,
            discussion=talk,
            details=library.details(shown, form, time_zone),
        )

    async def back(self, operation: Awaitable[object], message: str = "") -> Redirect:
        """Redirect to the page, with the outcome as a flash message."""
        here = f"/teach/courses/{self.course_id}/lessons/{self.lesson_id}"
        try:
            await operation
        except Problem as problem:
            return redirect(here, translated(problem.message), "warning")
        return redirect(here, message, "info")


async def visit(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    upload_context: NamedDependency[UploadContext],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> Visit:
    return Visit(request, course_id, lesson_id, viewer, upload_context, signing_keys, clock)


@get("/")
async def show(visit: NamedDependency[Visit]) -> Template:
    return await visit.page(Form())


@post("/")
async def save(visit: NamedDependency[Visit]) -> Response[Any]:
    form = await visit.read_form()
    if form.restored:
        return await visit.page(form)
    patch = LessonPatch(title=form["title"], description=form["description"], version=form.version)
    try:
        await lessons.edit(
            visit.context.database,
            visit.viewer,
            visit.lesson_id,
            patch,
            visit.clock.now(),
            started=form.started,
        )
    except Problem as problem:
        return await visit.page(form.refused(problem))
    return redirect(visit.request.url.path, _("Saved."), saved=form[KEY])


@post("/encoding")
async def control_encoding(visit: NamedDependency[Visit]) -> Redirect:
    """Form field `action`: cancel or retry."""
    form = await visit.read_form()
    action = ACTIONS.get(form["action"])
    if action is None:
        raise NotFound(N_("There is no such action."))
    return await visit.back(action(visit.context, visit.viewer, visit.lesson_id, visit.clock.now()))


@post("/discard")
async def discard(visit: NamedDependency[Visit]) -> Redirect:
    """Form field `upload`: id of an incomplete upload."""
    form = await visit.read_form()
    discarding = uploads.cancel(visit.context, visit.viewer, form["upload"], visit.clock.now())
    return await visit.back(discarding, _("The upload was discarded."))


ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/teach/courses/{course_id:str}/lessons/{lesson_id:str}",
        dependencies={"visit": Provide(visit)},
        route_handlers=[show, save, control_encoding, discard],
    )
]
