"""Injected identity of the caller: `viewer`, `maybe_viewer`, `teacher`, `administrator`."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from server.accounts.identity import Viewer
from server.accounts.signing_in import sessions, tokens
from server.accounts.signing_in.presence import Presence
from server.core.clock import Clock
from server.core.errors import Forbidden, SignInNeeded
from server.core.web import client_address as address
from server.core.web.cookies import cookie_name
from server.core.web.forms import typed_form
from server.settings import Settings
from storage.database.engine import Database
from storage.messages import N_

AnyRequest = Request[object, object, State]
AnyConnection = ASGIConnection[Any, Any, Any, State]
ViewerAgain = Callable[[], Awaitable[Viewer | None]]
NAMES = ("maybe_viewer", "viewer_again", "viewer", "teacher", "administrator", "client_address")


async def maybe_viewer(
    request: AnyConnection,
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Viewer | None:
    """Viewer by Bearer token or session cookie. With a Bearer header, the cookie is ignored."""
    found = await _viewer_of(request, settings, database, clock.now(), request.app.state["presence"])
    request.state["viewer"] = found  # for the top bar of an error page
    return found


async def viewer_again(
    request: AnyConnection,
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ViewerAgain:
    """For responses that last: whom the request's credentials belong to now. It is no sign of life:
    a page that is left open does not keep its session alive."""
    return lambda: _viewer_of(request, settings, database, clock.now(), None)


async def _viewer_of(
    request: AnyConnection, settings: Settings, database: Database, now: datetime, presence: Presence | None
) -> Viewer | None:
    token, secret = bearer_token(request), session_secret(request, settings)
    if token is not None:
        return await tokens.viewer_of(database, token, now, presence)
    return await sessions.viewer_of(database, secret, now, presence) if secret is not None else None


async def viewer(request: AnyConnection, maybe_viewer: NamedDependency[Viewer | None]) -> Viewer:
    if maybe_viewer is None:
        request.state["typed"] = await typed_form(request)  # for the sign-in page
        raise SignInNeeded(N_("Sign in, or send a valid Bearer token."))
    return maybe_viewer


async def teacher(viewer: NamedDependency[Viewer]) -> Viewer:
    if not viewer.can_teach:
        raise Forbidden(N_("Only instructors and administrators may do this."))
    return viewer


async def administrator(viewer: NamedDependency[Viewer]) -> Viewer:
    if not viewer.is_administrator:
        raise Forbidden(N_("Only administrators may do this."))
    return viewer


async def only_administrators(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Guard of a whole router, called before the request's body is read."""
    services = connection.app.state
    found = await maybe_viewer(connection, services.settings, services.database, services.clock)
    await administrator(await viewer(connection, found))


async def is_administrator(connection: AnyConnection) -> bool:
    """For middleware, which runs before anything is injected."""
    services = connection.app.state
    found = await maybe_viewer(connection, services.settings, services.database, services.clock)
    return found is not None and found.is_administrator


def bearer_token(request: AnyConnection) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def session_secret(request: AnyConnection, settings: Settings) -> str | None:
    """Value of the session cookie, for `sign_in(previous=…)` and `sign_out`."""
    return request.cookies.get(cookie_name(settings.public_url)) or None


async def client_address(request: AnyRequest, settings: NamedDependency[Settings]) -> str:
    """Network address of the client, for `limits.from_network`."""
    return address.client_address(request, settings.proxies)
