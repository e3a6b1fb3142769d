"""Pages of invitations: links for the administrator to hand out, and the page that a link opens."""

import csv
import io
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.signing_in import invitations
from server.core.clock import Clock
from server.core.errors import Gone, Problem
from server.core.web.cookies import session_cookie
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from server.settings import Settings
from storage.database.engine import Database

FORMULA = ("=", "+", "-", "@", "\t", "\r")
AnyRequest = Request[Any, Any, State]


@post("/admin/people/{person_id:str}/link", status_code=200)
async def make_link(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    person_id: FromPath[str],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Responds with the link instead of a redirect: this response is the only place that shows it."""
    links = [await invitations.invite(database, person_id, clock.now())]
    return await _links(request, administrator, settings, database, clock, links)


@post("/admin/people/links", status_code=200)
async def make_links(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """For everybody without a password and without a link; with the field `again` for those with one, too."""
    form = await Form.read(request)
    links = await invitations.invite_waiting(database, clock.now(), again=form.checked("again"))
    return await _links(request, administrator, settings, database, clock, links)


async def _links(
    request: AnyRequest,
    viewer: Viewer,
    settings: Settings,
    database: Database,
    clock: Clock,
    links: list[invitations.Link],
) -> Template:
    return page(
        request,
        "accounts/links.html",
        viewer=viewer,
        links=links,
        csv=_csv(links, settings.public_url),
        site=settings.public_url,
        ends=clock.now() + rules.INVITATION_LIFETIME,
        zone=(await institution.get(database)).time_zone,
    )


def _csv(links: list[invitations.Link], site: str) -> str:
    """For a mail merge. A name that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "email", "link"])
    for link in links:
        cells = (link.name, link.email, site + link.path)
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return "\ufeff" + text.getvalue()  # by the mark Excel knows UTF-8


@get("/invite/{token:str}")
async def invitation(
    request: AnyRequest,
    token: FromPath[str],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return _invitation(request, token, await invitations.find(database, token, clock.now()), Form())


@post("/invite/{token:str}")
async def accept(
    request: AnyRequest,
    token: FromPath[str],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    try:
        signed_in = await invitations.accept(database, token, form["password"], clock.now())
    except Gone:
        raise
    except Problem as problem:
        invited = await invitations.find(database, token, clock.now())
        return _invitation(request, token, invited, form.refused(problem))
    response = redirect("/")
    response.set_cookie(session_cookie(settings.public_url, signed_in.secret))
    return response


def _invitation(request: AnyRequest, token: str, invited: invitations.Invited, form: Form) -> Template:
    return page(
        request,
        "accounts/invitation.html",
        status_code=form.status,
        form=form,
        token=token,
        invited=invited,
    )


ROUTES: list[ControllerRouterHandler] = [make_link, make_links, invitation, accept]
