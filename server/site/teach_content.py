"""What the buttons of a lesson's text, pictures and attachments do on the instructor's page."""

from typing import Any

from litestar import Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.core.errors import Problem
from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.learning.files import service as files
from server.learning.files.api import take_file
from server.learning.texts import service as texts
from server.learning.texts.schemas import NewText
from server.site.teach_lesson import PAGE, Visit, visit
from storage.states import FileKind

STEPS = {"up": -1, "down": 1}


@post("/text")
async def save_text(visit: NamedDependency[Visit]) -> Response[Any] | Template:
    form = await visit.read_form()
    if form.restored:
        return await visit.page(Form(), text=form)
    new = NewText(form["markdown"], form.version)
    try:
        await texts.save(
            visit.context.database,
            visit.viewer,
            visit.lesson_id,
            new,
            visit.clock.now(),
            started=form.started,
        )
    except Problem as problem:
        if not problem.fields and problem.status != 409:
            raise
        return await visit.page(Form(), text=form.refused(problem))
    return redirect(_here(visit), _("Saved."), saved=form[KEY])


@post("/text/preview", status_code=200)
async def preview_text(visit: NamedDependency[Visit]) -> Template:
    """The page with the typed text, and how it will look. Nothing is saved."""
    form = await visit.read_form()
    return await visit.page(Form(), text=form, preview=form["markdown"])


@post("/attachments", request_max_body_size=None)
async def add_attachment(visit: NamedDependency[Visit]) -> Redirect:
    return await _add(visit, FileKind.ATTACHMENT, "attachments")


@post("/pictures", request_max_body_size=None)
async def add_picture(visit: NamedDependency[Visit]) -> Redirect:
    return await _add(visit, FileKind.PICTURE, "pictures")


@post("/files/{file_id:str}/move")
async def move_file(visit: NamedDependency[Visit], file_id: FromPath[str]) -> Redirect:
    """Form field `to`: up or down."""
    form = await visit.read_form()
    steps = STEPS.get(form["to"], 0)
    await files.move(visit.context.database, visit.viewer, visit.lesson_id, file_id, steps)
    return redirect(_here(visit, "attachments"))


@post("/files/{file_id:str}/delete")
async def delete_file(visit: NamedDependency[Visit], file_id: FromPath[str]) -> Redirect:
    await visit.read_form()
    try:
        gone = await files.delete(
            visit.context.database, visit.viewer, visit.lesson_id, file_id, visit.clock.now()
        )
    except Problem as problem:
        if problem.status != 409:
            raise
        return redirect(_here(visit, "pictures"), translated(problem.message), "warning")
    place = "pictures" if gone.kind == FileKind.PICTURE else "attachments"
    return redirect(_here(visit, place), _("“%(name)s” is deleted.") % {"name": gone.name})


async def _add(visit: Visit, kind: FileKind, place: str) -> Redirect:
    """Answer to an upload form: the page, with what is wrong with the file as a message."""
    async with visit.context.database.read() as session:
        await visit.lesson(session)
    try:
        made = await take_file(visit.request, visit.files, visit.viewer, visit.lesson_id, kind, visit.clock)
    except Problem as problem:
        if problem.status not in (400, 409, 413, 503, 507):
            raise
        return redirect(_here(visit, place), translated(problem.message), "warning")
    return redirect(_here(visit, place), _("“%(name)s” is added.") % {"name": made.name})


def _here(visit: Visit, place: str = "") -> str:
    page = f"/teach/courses/{visit.course_id}/lessons/{visit.lesson_id}"
    return f"{page}#{place}" if place else page


ROUTES: list[ControllerRouterHandler] = [
    Router(
        path=PAGE,
        dependencies={"visit": Provide(visit)},
        route_handlers=[save_text, preview_text, add_attachment, add_picture, move_file, delete_file],
    )
]
