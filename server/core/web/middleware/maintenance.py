"""Maintenance middleware: 503 for everybody but administrators, while operators work on the server."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import UnderMaintenance
from server.core.text.formats import moment
from storage.messages import N_, Message, message

# Probes and metrics; what pages are made of; the way in for administrators.
OPEN = ("/health/", "/metrics", "/static/", "/sign-in", "/sign-out", "/setup/")
EXEMPT = "exclude_from_maintenance"  # in a route's `opt`
DEFAULT = N_("The server is being worked on. It comes back soon.")
RETRY_SECONDS = (60, 3600)  # least and most


class Notice(Protocol):
    @property
    def until(self) -> datetime | None: ...
    @property
    def message(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


class MaintenanceMode(ASGIMiddleware):
    """Asks the application's `maintenance` for each request, and who sent it only while it is on.

    A mounted application, whose path is shortened in the scope, is left open by its `opt`.
    """

    scopes = (ScopeType.HTTP, ScopeType.ASGI)
    exclude_opt_key = EXEMPT

    def __init__(
        self, is_administrator: Callable[[ASGIConnection[Any, Any, Any, Any]], Awaitable[bool]]
    ) -> None:
        self._is_administrator = is_administrator

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not scope["path"].startswith(OPEN):
            state = scope["litestar_app"].state
            notice: Notice | None = await state["maintenance"].notice()
            if notice is not None and not await self._is_administrator(ASGIConnection(scope)):
                raise problem(notice, state["clock"].now())
        await next_app(scope, receive, send)


def problem(notice: Notice, now: datetime) -> UnderMaintenance:
    """The operators' message as they wrote it, and the rest in the reader's language."""
    told = Message(notice.message or DEFAULT)
    if notice.until and notice.until > now:
        sentence = N_("%(message)s Expected end: %(time)s.")
        told = message(sentence, message=told, time=moment(notice.until, notice.time_zone))
    return UnderMaintenance(told, retry_seconds=retry_seconds(notice.until, now))


def retry_seconds(until: datetime | None, now: datetime) -> int:
    """Value of Retry-After: until the expected end, within RETRY_SECONDS."""
    least, most = RETRY_SECONDS
    return max(least, min(int((until - now).total_seconds()) if until else 0, most))
