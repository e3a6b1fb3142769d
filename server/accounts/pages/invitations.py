"""Pages of invitations: links for the administrator to hand out, and the page that a link opens."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.people import people_list
from server.accounts.signing_in import invitations
from server.accounts.signing_in.invitation_mail import Letterhead
from server.core.clock import Clock
from server.core.errors import Conflict, Gone, Problem
from server.core.text.csv_lines import BYTE_ORDER_MARK, csv_lines
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import locale, ngettext
from server.core.web.cookies import session_cookie
from server.core.web.flash import redirect
from server.core.web.forms import Form, submitted
from server.core.web.pages import page
from server.institution import service as institution
from server.outbox import service as outbox
from server.settings import PREFIX, Settings
from storage.database.engine import Database
from storage.messages import N_

AnyRequest = Request[Any, Any, State]
PEOPLE = "/admin/people"


@post(f"{PEOPLE}/{{person_id:str}}/link", status_code=200)
async def make_link(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    person_id: FromPath[str],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Responds with the link instead of a redirect: this response is the only place that shows it. With the
    field `how=mail` it is mailed and not shown."""
    mailed = await _letterhead(await Form.read(request), settings, database)
    link = await invitations.invite(database, person_id, clock.now(), mailed=mailed, by=administrator.id)
    if mailed:
        return await _on_its_way(database, clock, f"{PEOPLE}/{person_id}", 1)
    return await _links(request, administrator, settings, database, clock, [link])


@post(f"{PEOPLE}/links", status_code=200)
async def make_links(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """For everybody without a password and without a link; with the field `again` for those with one, too;
    with the field `selected` for each `person`. Mailed as in `make_link`."""
    form = await Form.read(request)
    mailed = await _letterhead(form, settings, database)
    back = PEOPLE + people_list.OPTIONS.query(people_list.OPTIONS.read(request.query_params))
    now = clock.now()
    if form.checked("selected"):
        chosen = [str(value) for value in (await submitted(request)).getall("person", [])]
        if not chosen:
            return redirect(back, _("Tick the people who get a link first."), "warning")
        links = await invitations.invite_chosen(database, chosen, now, mailed=mailed, by=administrator.id)
    else:
        links = await invitations.invite_waiting(
            database, now, again=form.checked("again"), mailed=mailed, by=administrator.id
        )
    if mailed and links:
        return await _on_its_way(database, clock, back, len(links))
    return await _links(request, administrator, settings, database, clock, links)


async def _letterhead(form: Form, settings: Settings, database: Database) -> Letterhead | None:
    """None for links that are not mailed. Raises Conflict without a mail server."""
    if form["how"] != "mail":
        return None
    if not settings.smtp_url:
        raise Conflict(N_("No mail server is set: %(setting)s."), setting=f"{PREFIX}SMTP_URL")
    place = await institution.get(database)
    return Letterhead(
        site=settings.public_url,
        institution=place.name,
        zone=place.time_zone,
        language=settings.language or str(locale()),
    )


async def _on_its_way(database: Database, clock: Clock, back: str, count: int) -> Response[Any]:
    await outbox.send_soon(database, clock.now())
    told = ngettext(
        "%(number)s mail with a link is on its way.", "%(number)s mails with links are on their way.", count
    )
    return redirect(back, told % {"number": number(count)})


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
    """For a mail merge."""
    people = [(link.name, link.email, site + link.path) for link in links]
    return BYTE_ORDER_MARK + csv_lines([("name", "email", "link"), *people])


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
