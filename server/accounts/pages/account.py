"""Account page: name, password, browser sessions, tokens for programs."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts import dependencies
from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.accounts.schemas import MadeToken, PersonPatch
from server.accounts.signing_in import service, tokens
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.cookies import session_cookie
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from server.settings import Settings
from storage.database.engine import Database

AnyRequest = Request[Any, Any, State]
ACCOUNT = "/account"


@get(ACCOUNT)
async def account(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _account(request, viewer, database, clock.now())


@post(f"{ACCOUNT}/name")
async def rename(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _account(request, viewer, database, clock.now(), details=form)
    try:
        patch = PersonPatch(name=form["name"])
        await people.edit(database, viewer.id, patch, clock.now(), by=viewer.id)
    except Problem as problem:
        return await _account(request, viewer, database, clock.now(), details=form.refused(problem))
    return redirect(ACCOUNT, _("Your name is changed."))


@post(f"{ACCOUNT}/password")
async def change_password(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    try:
        signed_in = await service.change_password(
            database, viewer, current=form["current_password"], new=form["password"], now=clock.now()
        )
    except Problem as problem:
        return await _account(request, viewer, database, clock.now(), password=form.refused(problem))
    response = redirect(
        ACCOUNT,
        _("Your password is changed. Every other browser is signed out, and your tokens are revoked."),
    )
    response.set_cookie(session_cookie(settings.public_url, signed_in.secret))
    return response


@post(f"{ACCOUNT}/sessions/end")
async def end_sessions(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    ended, revoked = await service.end_everything_else(
        database, viewer, dependencies.session_secret(request, settings), clock.now()
    )
    if not ended and not revoked:
        return redirect(ACCOUNT, _("You were not signed in anywhere else."), "info")
    told = (
        (
            ended,
            ngettext(
                "%(number)s other browser is signed out.", "%(number)s other browsers are signed out.", ended
            ),
        ),
        (revoked, ngettext("%(number)s token is revoked.", "%(number)s tokens are revoked.", revoked)),
    )
    message = " ".join(text % {"number": number(count)} for count, text in told if count)
    return redirect(ACCOUNT, message)


@post(f"{ACCOUNT}/tokens")
async def make_token(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Responds with the token instead of a redirect: this response is the only place that shows it."""
    form = await Form.read(request)
    if form.restored:
        return await _account(request, viewer, database, clock.now(), token=form)
    try:
        made = await tokens.make(database, viewer.id, name=form["name"], now=clock.now(), by=viewer.id)
    except Problem as problem:
        return await _account(request, viewer, database, clock.now(), token=form.refused(problem))
    return await _account(request, viewer, database, clock.now(), made=made)


@post(f"{ACCOUNT}/tokens/{{token_id:str}}/revoke")
async def revoke_token(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    token_id: FromPath[str],
    clock: NamedDependency[Clock],
) -> Redirect:
    await tokens.revoke(database, viewer.id, token_id, clock.now())
    return redirect(ACCOUNT, _("The token no longer works."))


async def _account(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    now: datetime,
    *,
    details: Form | None = None,
    password: Form | None = None,
    token: Form | None = None,
    made: MadeToken | None = None,
) -> Template:
    """At most one of the forms was submitted; the others show the stored values."""
    submitted = details or password or token or Form()
    return page(
        request,
        "accounts/account.html",
        viewer=viewer,
        status_code=submitted.status,
        details=details or Form(),
        password=password or Form(),
        token=token or Form(),
        made=made,
        tokens=await tokens.of(database, viewer.id, now),
        zone=(await institution.get(database)).time_zone,
    )


ROUTES: list[ControllerRouterHandler] = [
    account,
    rename,
    change_password,
    end_sessions,
    make_token,
    revoke_token,
]
