"""Admission of requests: bounds on what one client may hold open, so that there is room for everybody else.

Every request in progress holds one of the server's places (`processes.web.MAX_REQUESTS`).
"""

import asyncio
from collections import Counter
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import TooManyRequests
from server.core.web.client_address import client_address
from storage.messages import N_

REQUESTS_PER_ADDRESS = 512  # in progress; a school behind one address has that many at the same instant
STALL_SECONDS = 60.0  # without a byte of the body
HEAD_START_SECONDS = 30.0  # for a body, and one second more for each MIN_RATE bytes of it
MIN_RATE = 2048  # bytes per second
UPLOADS = "/api/video/upload/"  # may take as long as a slow connection needs for 10 GB


class Admission(ASGIMiddleware):
    """Limits the requests in progress by client address (429), and the time of a body (408)."""

    scopes = (ScopeType.HTTP, ScopeType.ASGI)

    def __init__(self, proxies: int) -> None:
        self._proxies = proxies
        self._open: Counter[str] = Counter()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        address = client_address(ASGIConnection(scope), self._proxies)
        if self._open[address] >= REQUESTS_PER_ADDRESS:
            raise TooManyRequests(N_("Too many requests from your network address are open. Wait a moment."))
        self._open[address] += 1
        try:
            await next_app(scope, in_time(receive, uploads=scope["path"].startswith(UPLOADS)), send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]


def in_time(receive: Receive, *, uploads: bool) -> Receive:
    """The same with a deadline for each part of the body, which a client that sends too slowly misses."""
    clock = asyncio.get_running_loop().time
    begun, received, complete = clock(), 0, False

    async def receive_in_time() -> Any:
        nonlocal received, complete
        if complete:  # what is left to wait for is the end of the connection
            return await receive()
        patience = STALL_SECONDS
        if not uploads:
            patience = min(patience, begun + HEAD_START_SECONDS + received / MIN_RATE - clock())
        try:
            async with asyncio.timeout(max(0.0, patience)):
                message: Any = await receive()
        except TimeoutError:
            raise HTTPException(status_code=408, detail="The request took too long to arrive.") from None
        received += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        return message

    return receive_in_time
