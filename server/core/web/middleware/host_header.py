"""Host header: refused where it names no host (RFC 9112 section 3.2)."""

import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import Invalid
from server.core.web.middleware.limits.refusal import refuse
from storage.messages import N_

_HOST = re.compile(rb"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?")
MAX_PORT = 65535


class ChecksHost:
    """Answers 400 by itself: Litestar cannot build the address of such a request, nor handle an exception."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or is_host([v for name, v in scope["headers"] if name == b"host"]):
            await self._app(scope, receive, send)
            return
        await refuse(send, Invalid(N_("The header Host does not name a host.")))


def is_host(values: list[bytes]) -> bool:
    """Whether these are the values of a Host header: one, or none as in HTTP/1.0."""
    if not values:
        return True
    found = _HOST.fullmatch(values[0])
    return len(values) == 1 and found is not None and int(found[1] or 0) <= MAX_PORT
