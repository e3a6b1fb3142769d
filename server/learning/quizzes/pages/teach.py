"""Instructor's page of a quiz: settings, questions and their figures, import and export.

The query parameter `at` names the moment of a quiz in a video.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Conflict, Invalid, NotFound, Problem
from server.core.text.formats import number, translated
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form, submitted
from server.core.web.pages import page
from server.learning.quizzes import checking, numbers, results, service, transfer
from server.learning.quizzes.formats.imports import Imported
from server.learning.quizzes.model import QuestionKind, QuizContent
from server.learning.quizzes.pages import forms
from server.learning.quizzes.service import Saved
from server.library import access, courses, lessons
from storage.database.engine import Database
from storage.messages import N_

AnyRequest = Request[Any, Any, State]
QUIZ = "/teach/courses/{course_id:str}/lessons/{lesson_id:str}/quiz"
CHANGED = N_(
    "This was saved meanwhile by somebody else. Nothing of yours is lost: it is still in the form,"
    " and not saved yet. Save it again to replace what was saved."
)
NOT_TEXT = N_("The file is not a text in UTF-8.")
MOMENT = N_("Write the moment like 12:30, or in seconds.")
KINDS = (
    (QuestionKind.SINGLE, N_("One right answer")),
    (QuestionKind.MULTIPLE, N_("Several right answers")),
    (QuestionKind.NUMERIC, N_("A number")),
    (QuestionKind.TEXT, N_("A short text")),
    (QuestionKind.ORDERING, N_("Put in order")),
)


@dataclass(frozen=True)
class Desk:
    """A request of somebody who edits a quiz."""

    request: AnyRequest
    course_id: str
    lesson_id: str
    moment: float | None
    viewer: Viewer
    database: Database
    clock: Clock

    @property
    def lesson(self) -> str:
        return f"/teach/courses/{self.course_id}/lessons/{self.lesson_id}"

    @property
    def query(self) -> str:
        return "" if self.moment is None else f"?at={self.moment!r}"

    @property
    def here(self) -> str:
        return f"{self.lesson}/quiz{self.query}"

    async def saved(self) -> Saved:
        """The quiz, if the viewer teaches the lesson of this address. Raises NotFound and Forbidden."""
        async with self.database.read() as session:
            lesson = await access.lesson_for_teaching(session, self.viewer, self.lesson_id)
            if lesson.course_id != self.course_id:
                raise NotFound(access.NO_LESSON)
            return await service.edited(session, self.viewer, self.lesson_id, self.moment)

    async def save(self, change: service.Change) -> Saved:
        now = self.clock.now()
        return await service.save(self.database, self.viewer, self.lesson_id, self.moment, change, now)

    async def page(self, template: str, form: Form, **values: Any) -> Template:
        async with self.database.read() as session:
            lesson = await access.lesson_for_teaching(session, self.viewer, self.lesson_id)
            course = await courses.shown(session, self.viewer, self.course_id)
        return page(
            self.request,
            template,
            viewer=self.viewer,
            status_code=form.status,
            course=course,
            lesson=lessons.view(lesson, can_edit=True),
            desk=self,
            form=form,
            **values,
        )


async def desk(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    at: FromQuery[float | None] = None,
) -> Desk:
    return Desk(request, course_id, lesson_id, at, viewer, database, clock)


@get("/")
async def show(desk: NamedDependency[Desk]) -> Template:
    return await _editor(desk, Form())


async def _editor(
    desk: Desk, form: Form, *, settings: bool = True, imported: Imported | None = None
) -> Template:
    """`form`: of the settings, or else of the import."""
    saved = await desk.saved()
    async with desk.database.read() as session:
        quiz = await service.find(session, desk.lesson_id, desk.moment)
        figures = await results.item_figures(session, quiz) if quiz else {}
    typed = form.values if settings and form.values else forms.settings_values(saved.content)
    return await desk.page(
        "quizzes/teach.html",
        form,
        quiz=saved,
        settings=msgspec.structs.replace(form if settings else Form(), values=typed),
        import_form=Form() if settings else form,
        imported=imported,
        figures=figures,
        kinds=KINDS,
        settings_mark=_settings_mark(saved.content),
    )


def _settings_mark(content: QuizContent) -> str:
    return forms.mark_of({"settings": content.settings, "pools": content.pools})


@post("/")
async def save_settings(desk: NamedDependency[Desk]) -> Response[Any]:
    await desk.saved()
    form = await Form.read(desk.request)
    if form.restored:
        return await _editor(desk, form)

    def change(content: QuizContent) -> QuizContent:
        if form["before"] != _settings_mark(content):
            raise Conflict(CHANGED)
        return forms.typed_settings(form, content)

    try:
        await desk.save(change)
    except Problem as problem:
        return await _editor(desk, await _again(desk, form, problem))
    return redirect(desk.here, _("Saved."), saved=form[KEY])


async def _again(desk: Desk, form: Form, problem: Problem) -> Form:
    """The form to be shown again. Saving it once more replaces what somebody else saved."""
    refused = form.refused(problem)
    fresh = {"before": _settings_mark((await desk.saved()).content)} if refused.status == 409 else {}
    return msgspec.structs.replace(refused, values={**refused.values, **fresh})


@post("/import")
async def import_questions(desk: NamedDependency[Desk]) -> Response[Any]:
    """Fields `format`, `text` or `file`, `leave_out`."""
    await desk.saved()
    typed = await Form.read(desk.request)
    form = msgspec.structs.replace(typed, values={**typed.values, "text": typed["text"]})
    if form.restored:
        return await _editor(desk, form, settings=False)
    try:
        text = await _file(desk.request) or form["text"]
        form = msgspec.structs.replace(form, values={**form.values, "text": text})
        imported, added = await transfer.add(
            desk.database,
            desk.viewer,
            desk.lesson_id,
            desk.moment,
            text,
            desk.clock.now(),
            format=form["format"],
            leave_out=form.checked("leave_out"),
            revision=form.version,
        )
    except Problem as problem:
        return await _editor(desk, form.refused(problem), settings=False)
    if not added:
        shown = msgspec.structs.replace(form, status=422)
        return await _editor(desk, shown, settings=False, imported=imported)
    count = len(imported.questions)
    told = ngettext("%(count)s question imported.", "%(count)s questions imported.", count)
    return redirect(desk.here, told % {"count": number(count)}, saved=form[KEY])


async def _file(request: AnyRequest) -> str:
    """Text of the submitted file; empty without one."""
    file = (await submitted(request)).get("file")
    data = await file.read() if isinstance(file, UploadFile) else b""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(NOT_TEXT, fields={"text": NOT_TEXT}) from None


@post("/pin")
async def pin(desk: NamedDependency[Desk]) -> Redirect:
    """Put a quiz into the lesson's video at the moment of the field `moment`, as in 12:30."""
    form = await Form.read(desk.request)
    try:
        there = await _pinned(desk, form["moment"])
    except (Invalid, Conflict) as problem:
        return redirect(desk.lesson, translated(problem.message), "warning")
    return redirect(f"{desk.lesson}/quiz?at={there.moment!r}")


async def _pinned(desk: Desk, text: str) -> Saved:
    moment = seconds_of(text)
    return await service.save(
        desk.database, desk.viewer, desk.lesson_id, moment, lambda content: content, desk.clock.now()
    )


def seconds_of(text: str) -> float:
    """12:30, 1:02:05 or 750.5. Raises Invalid."""
    parts = text.strip().split(":")
    try:
        values = [float(numbers.parse_number(part)) for part in parts]
    except Invalid:
        raise checking.refuse("moment", MOMENT) from None
    if len(values) > 3 or any(value < 0 for value in values) or any(value >= 60 for value in values[1:]):
        raise checking.refuse("moment", MOMENT)
    seconds = 0.0
    for value in values:
        seconds = seconds * 60 + value
    return round(seconds, 1)


@post("/remove")
async def remove(desk: NamedDependency[Desk]) -> Redirect:
    """Take a quiz out of a video."""
    await service.remove(desk.database, desk.viewer, desk.lesson_id, desk.moment)
    return redirect(desk.lesson, _("The quiz is taken out of the video."))


ROUTES: list[ControllerRouterHandler] = [
    Router(
        QUIZ,
        route_handlers=[show, save_settings, import_questions, pin, remove],
        dependencies={"desk": Provide(desk)},
    )
]
