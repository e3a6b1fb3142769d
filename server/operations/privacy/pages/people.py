"""Erasure of one person: what goes, what stays, and the confirmation."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.core.clock import Clock
from server.core.errors import Invalid, Problem
from server.core.text.i18n import gettext as _
from server.core.text.normalize import one_line
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.operations.privacy.erasing import holdings, service
from storage.database.engine import Database
from storage.messages import N_

PERSON = "/admin/people/{person_id:str}"
WRONG_NAME = N_("This is not the name of the person. Nothing was erased.")


@get(f"{PERSON}/erase")
async def ask(
    request: AnyRequest,
    person_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await _page(request, administrator, database, person_id, Form())


@post(f"{PERSON}/erase")
async def erase(
    request: AnyRequest,
    person_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `name`: the person's name, as a confirmation."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, database, person_id, form)
    person = await people.get(database, person_id)
    try:
        if one_line(form["name"], limit=1000).casefold() != person.name.casefold():
            raise Invalid(WRONG_NAME, fields={"name": WRONG_NAME})
        await service.begin(database, person_id, clock.now(), by=administrator.id)
    except Problem as problem:
        return await _page(request, administrator, database, person_id, form.refused(problem))
    if await service.run(database, person_id, clock.now(), service.REQUEST_SECONDS):
        return redirect("/admin/people", _("The person is erased."))
    return redirect(
        "/admin/people", _("The person is signed out for good. The rest is erased within minutes."), "info"
    )


async def _page(
    request: AnyRequest, viewer: Viewer, database: Database, person_id: str, form: Form
) -> Template:
    person = await people.get(database, person_id)
    async with database.read() as session:
        found = await holdings.of_person(session, person.id, person.email)
    return page(
        request,
        "privacy/erase.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        person=person,
        found=found,
    )


ROUTES: list[ControllerRouterHandler] = [ask, erase]
