"""Account administration: find, add, change, disable."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.accounts.people import people_list
from server.accounts.people import service as people
from server.accounts.schemas import NewPerson, PersonPatch
from server.accounts.signing_in import invitations
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from server.settings import Settings
from storage.database.engine import Database

AnyRequest = Request[Any, Any, State]
PEOPLE = "/admin/people"


@get(PEOPLE)
async def people_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    state = people_list.OPTIONS.read(request.query_params)
    async with database.read() as session:
        found = await people_list.shown(session, state)
        waiting = await invitations.waiting(session, clock.now())
    return page(
        request,
        "accounts/people.html",
        viewer=administrator,
        found=found,
        waiting=waiting,
        can_mail=bool(settings.smtp_url),
    )


@get(f"{PEOPLE}/new")
async def new_person_page(request: AnyRequest, administrator: NamedDependency[Viewer]) -> Template:
    return _new(request, administrator, Form())


@post(f"{PEOPLE}/new")
async def add_person(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return _new(request, administrator, form)
    new = NewPerson(form["email"], form["name"], form["role"], form["password"] or None)
    try:
        person = await people.add(database, new, clock.now(), by=administrator.id)
    except Problem as problem:
        return _new(request, administrator, form.refused(problem))
    return redirect(PEOPLE, _("%(name)s is added.") % {"name": person.name})


def _new(request: AnyRequest, viewer: Viewer, form: Form) -> Template:
    return page(
        request,
        "accounts/new_person.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
    )


@get(f"{PEOPLE}/{{person_id:str}}")
async def person_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    person_id: FromPath[str],
) -> Template:
    return await _person(request, administrator, database, person_id)


@post(f"{PEOPLE}/{{person_id:str}}")
async def change_person(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    person_id: FromPath[str],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _person(request, administrator, database, person_id, details=form)
    patch = PersonPatch(name=form["name"], role=form["role"])
    try:
        person = await people.edit(database, person_id, patch, clock.now(), by=administrator.id)
    except Problem as problem:
        return await _person(request, administrator, database, person_id, details=form.refused(problem))
    return redirect(PEOPLE, _("%(name)s is saved.") % {"name": person.name})


@post(f"{PEOPLE}/{{person_id:str}}/password")
async def set_password(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    person_id: FromPath[str],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    patch = PersonPatch(password=form["password"])
    try:
        person = await people.edit(database, person_id, patch, clock.now(), by=administrator.id)
    except Problem as problem:
        return await _person(request, administrator, database, person_id, password=form.refused(problem))
    return redirect(
        f"{PEOPLE}/{person_id}", _("%(name)s signs in with the new password now.") % {"name": person.name}
    )


@post(f"{PEOPLE}/{{person_id:str}}/disabled")
async def disable_person(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    person_id: FromPath[str],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Idempotent: the form contains the wanted state."""
    disabled = (await Form.read(request))["disabled"] == "yes"
    if disabled and person_id == administrator.id:
        return redirect(
            f"{PEOPLE}/{person_id}",
            _("You cannot disable your own account. Another administrator can."),
            "danger",
        )
    patch = PersonPatch(disabled=disabled)
    try:
        person = await people.edit(database, person_id, patch, clock.now(), by=administrator.id)
    except Problem as problem:
        return redirect(f"{PEOPLE}/{person_id}", translated(problem.message), "danger")
    message = (
        _("%(name)s is signed out and cannot sign in.") if disabled else _("%(name)s may sign in again.")
    )
    return redirect(f"{PEOPLE}/{person_id}", message % {"name": person.name})


async def _person(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    person_id: str,
    *,
    details: Form | None = None,
    password: Form | None = None,
) -> Template:
    return page(
        request,
        "accounts/person.html",
        viewer=viewer,
        status_code=(details or password or Form()).status,
        person=await people.get(database, person_id),
        details=details or Form(),
        password=password or Form(),
        zone=(await institution.get(database)).time_zone,
        can_mail=bool(request.app.state["settings"].smtp_url),
    )


ROUTES: list[ControllerRouterHandler] = [
    people_page,
    new_person_page,
    add_person,
    person_page,
    change_person,
    set_password,
    disable_person,
]
