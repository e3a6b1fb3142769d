"""Instructor's page of a lesson: its content, attachments, discussion and details, and what the buttons
of the video and the details do.

Publishing and deleting are in server.library.pages, with the course; text and attachments in teach_content.
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
from server.learning import panels as learning
from server.learning.discussion.panels import discussion
from server.learning.files.context import FileContext
from server.learning.quizzes import panels as quizzes
from server.library import access, courses, lessons
from server.library import panels as library
from server.library.schemas import LessonPatch
from server.playback.signing import SigningKeys
from server.uploads import service as uploads
from server.uploads.context import UploadContext
from server.watching.panels import insight
from storage.database.tables import Lesson
from storage.messages import N_
from storage.states import LessonKind

AnyRequest = Request[Any, Any, State]
PAGE = "/teach/courses/{course_id:str}/lessons/{lesson_id:str}"
ACTIONS = {"cancel": control.cancel, "retry": control.retry}


@dataclass(frozen=True)
class Visit:
    """A request for one lesson's page: by whom, at which address, and what its answer is made from."""

    request: AnyRequest
    course_id: str
    lesson_id: str
    viewer: Viewer
    context: UploadContext
    files: FileContext
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

    async def page(self, form: Form, *, text: Form | None = None, preview: str | None = None) -> Template:
        """`form`: of the details; `text`: of the text, with what was typed. `preview`: Markdown to show."""
        now, keys, text = self.clock.now(), await self.signing_keys(), text or Form()
        async with self.context.database.read() as session:
            lesson = await self.lesson(session)
            shown = lessons.view(lesson, can_edit=True)
            course = await courses.shown(session, self.viewer, self.course_id)
            zone = (await institution.shown(session)).time_zone
            content = watched = None
            if lesson.kind == LessonKind.TEXT:
                content = await learning.text_editor(
                    session, shown, text, context=self.files, time_zone=zone, preview=preview
                )
            elif lesson.kind == LessonKind.VIDEO:
                content = await encoding.video(session, self.context, self.viewer, lesson, keys, now)
                watched = await insight(session, self.viewer, lesson, keys, now)
            quiz = await quizzes.teach(session, lesson)
            talk = await discussion(session, self.viewer, lesson, now, origin="teach")
            attachments = await learning.attachments_editor(session, shown, self.files)
        return page(
            self.request,
            "site/teach_lesson.html",
            viewer=self.viewer,
            status_code=max(form.status, text.status),
            course=course,
            lesson=shown,
            content=content,
            watched=watched,
            quiz=quiz,
            attachments=attachments,
            discussion=talk,
            details=library.details(shown, form, zone),
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
    file_context: NamedDependency[FileContext],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> Visit:
    return Visit(request, course_id, lesson_id, viewer, upload_context, file_context, signing_keys, clock)


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
        path=PAGE,
        dependencies={"visit": Provide(visit)},
        route_handlers=[show, save, control_encoding, discard],
    )
]
