"""Import of a list of people: choose it, look at what it would do, import it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.accounts.people import importing, people_csv
from server.accounts.schemas import Imported, Preview
from server.core.clock import Clock
from server.core.errors import Invalid, Problem
from server.core.text.formats import number
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form, submitted_list
from server.core.web.pages import page
from storage.database.engine import Database

AnyRequest = Request[Any, Any, State]
PEOPLE = "/admin/people"
LIST_BYTES = 8 * 2**20  # 20,000 lines, also where the preview's form encodes what is not ASCII
CONFIRMED = "confirmed"  # field of the preview's form


@get(f"{PEOPLE}/import")
async def import_page(request: AnyRequest, administrator: NamedDependency[Viewer]) -> Template:
    return _import(request, administrator, Form())


@post(f"{PEOPLE}/import", request_max_body_size=LIST_BYTES)
async def import_people(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """A file or pasted text is shown as a preview first, which the field `confirmed` imports. A list with
    faults is shown as text, for correction."""
    typed = await Form.read(request)
    if typed.restored:
        return _import(request, administrator, typed)
    data = await submitted_list(request)
    form = Form({"list": _decoded(data)})
    try:
        if not typed.checked(CONFIRMED):
            return _import(request, administrator, form, await importing.preview(database, data))
        imported = await importing.import_csv(database, data, clock.now(), by=administrator.id)
    except Problem as problem:
        return _import(request, administrator, form.refused(problem))
    if imported.problems:
        return _import(request, administrator, form, Preview(0, 0, 0, problems=imported.problems))
    return redirect(PEOPLE, _summary(imported), saved=typed[KEY])


def _summary(imported: Imported) -> str:
    counts = (
        (imported.added, ngettext("%(number)s person added", "%(number)s people added", imported.added)),
        (imported.changed, ngettext("%(number)s changed", "%(number)s changed", imported.changed)),
        (imported.unchanged, ngettext("%(number)s as before", "%(number)s as before", imported.unchanged)),
    )
    return ", ".join(text % {"number": number(count)} for count, text in counts if count) + "."


def _decoded(data: bytes) -> str:
    """Text of the list; empty for a binary file, which nobody could correct."""
    try:
        return people_csv.decoded(data)
    except Invalid:
        return ""


def _import(request: AnyRequest, viewer: Viewer, form: Form, preview: Preview | None = None) -> Template:
    problems = preview.problems if preview else ()
    return page(
        request,
        "accounts/import.html",
        viewer=viewer,
        status_code=422 if problems else form.status,
        form=form,
        preview=preview,
        problems=problems,
        faulty_lines=len({problem.line for problem in problems}),
    )


ROUTES: list[ControllerRouterHandler] = [import_page, import_people]
