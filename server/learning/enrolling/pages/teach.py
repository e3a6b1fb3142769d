"""Instructor's page of how learners get into a course: the way, the code, and a list of addresses."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.accounts.people import people_csv
from server.core.clock import Clock
from server.core.errors import Invalid, Problem
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form, submitted_list
from server.core.web.pages import page
from server.learning.enrolling import listing, ways
from server.learning.enrolling.listing import Done, Preview
from server.library.pages.shared import AnyRequest, taught, taught_course
from server.settings import Settings
from storage.database.engine import Database

HERE = "/teach/courses/{course_id:str}/enrolling"
CONFIRMED = "confirmed"  # field of the preview's form


@get(HERE)
async def enrolling(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Template:
    async with database.read() as session:
        course = await taught(session, viewer, course_id)
        way = await ways.shown(session, viewer, course_id)
    link = settings.public_url + way.path if way.path else ""
    return page(
        request, "learning/enrolling.html", viewer=viewer, course=course, way=way, link=link, form=Form()
    )


@post(HERE)
async def choose(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    form = await Form.read(request)
    await ways.choose(database, viewer, course_id, form["mode"], clock.now())
    return redirect(f"/teach/courses/{course_id}/enrolling", _("Saved."))


@post(HERE + "/code")
async def change_code(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    """A new code, or with `code=off` none."""
    form = await Form.read(request)
    if form["code"] == "off":
        await ways.switch_code_off(database, viewer, course_id, clock.now())
        text = _("The code is switched off. Who is enrolled stays so.")
    else:
        await ways.replace_code(database, viewer, course_id, clock.now())
        text = _("The course has a new code. The one before is no longer valid.")
    return redirect(f"/teach/courses/{course_id}/enrolling", text)


@get(HERE + "/list")
async def list_page(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await _list(request, viewer, database, course_id, Form())


@post(HERE + "/list")
async def enrol_list(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """A file or pasted text is shown as a preview first, which the field `confirmed` enrols."""
    typed = await Form.read(request)
    if typed.restored:
        return await _list(request, viewer, database, course_id, typed)
    await taught_course(database, viewer, course_id)
    data = await submitted_list(request)
    form = Form({"list": _decoded(data)})
    try:
        if not typed.checked(CONFIRMED):
            preview = await listing.preview(database, viewer, course_id, data)
            return await _list(request, viewer, database, course_id, form, preview)
        done = await listing.enrol(database, viewer, course_id, data, clock.now())
    except Problem as problem:
        return await _list(request, viewer, database, course_id, form.refused(problem))
    return redirect(f"/teach/courses/{course_id}/people", _summary(done), saved=typed[KEY])


async def _list(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    course_id: str,
    form: Form,
    preview: Preview | None = None,
) -> Template:
    return page(
        request,
        "learning/enrol_list.html",
        viewer=viewer,
        status_code=form.status,
        course=await taught_course(database, viewer, course_id),
        form=form,
        preview=preview,
        most=listing.SHOWN,
    )


def _decoded(data: bytes) -> str:
    """Text of the list; empty for a binary file, which nobody could correct."""
    try:
        return people_csv.decoded(data)
    except Invalid:
        return ""


def _summary(done: Done) -> str:
    counts = (
        (done.added, ngettext("%(number)s person enrolled", "%(number)s people enrolled", done.added)),
        (done.already, ngettext("%(number)s as before", "%(number)s as before", done.already)),
        (done.left_out, ngettext("%(number)s left out", "%(number)s left out", done.left_out)),
    )
    return ", ".join(text % {"number": number(count)} for count, text in counts if count) + "."


ROUTES: list[ControllerRouterHandler] = [enrolling, choose, change_code, list_page, enrol_list]
