"""Admission of requests: bounds on what one client may hold open, so that there is room for everybody else.

Every request in progress holds one of the server's places (`processes.web.MAX_REQUESTS`).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import TooManyRequests
from server.core.web.client_address import client_address
from storage.messages import N_

TOO_MANY = N_("Too many requests from your network address are open. Wait a moment.")
STALL_SECONDS = 60.0  # without a byte of the body
HEAD_START_SECONDS = 30.0  # for a body, and one second more for each MIN_RATE bytes of it
MIN_RATE = 2048  # bytes per second
UPLOADS = b"/api/video/upload/"  # may take as long as a slow connection needs for 10 GB
MEDIA = (b"/m/", b"/files/")  # may take long to send
STATIC = b"/static/"


class Kind(StrEnum):
    """Kinds of requests, each with places of its own: whoever keeps forms unfinished in a school's network
    keeps nobody else there from the videos, the pages and the uploads."""

    MEDIA = "media"
    STATIC = "static"
    UPLOAD = "upload"
    OTHER = "other"
    UNFINISHED = "unfinished"  # of the others, those whose body has not arrived


PER_ADDRESS = {  # requests in progress; a school behind one address has that many at the same instant
    Kind.MEDIA: 512,
    Kind.STATIC: 1024,  # a browser does not ask again for a module that was refused
    Kind.UPLOAD: 128,
    Kind.OTHER: 512,
    Kind.UNFINISHED: 128,
}


class Admission(ASGIMiddleware):
    """Limits the requests in progress by client address (429), and the time of a body (408)."""

    scopes = (ScopeType.HTTP, ScopeType.ASGI)

    def __init__(self, proxies: int) -> None:
        self._proxies = proxies
        self._open: Counter[tuple[str, Kind]] = Counter()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        address, kind = client_address(ASGIConnection(scope), self._proxies), kind_of(scope)
        with self._place(address, kind), ExitStack() as unfinished:
            if kind is Kind.OTHER and _has_body(scope):
                unfinished.enter_context(self._place(address, Kind.UNFINISHED))
            await next_app(scope, in_time(receive, unfinished.close, uploads=kind is Kind.UPLOAD), send)

    @contextmanager
    def _place(self, address: str, kind: Kind) -> Iterator[None]:
        place = (address, kind)
        if self._open[place] >= PER_ADDRESS[kind]:
            raise TooManyRequests(TOO_MANY)
        self._open[place] += 1
        try:
            yield
        finally:
            self._open[place] -= 1
            if not self._open[place]:
                del self._open[place]


def kind_of(scope: Scope) -> Kind:
    path = scope["raw_path"]  # `path` is shortened for a mounted application, such as that of the media
    if path.startswith(MEDIA):
        return Kind.MEDIA
    if path.startswith(STATIC):
        return Kind.STATIC
    return Kind.UPLOAD if path.startswith(UPLOADS) else Kind.OTHER


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def in_time(receive: Receive, arrived: Callable[[], None], *, uploads: bool) -> Receive:
    """The same with a deadline for each part of the body, which a client that sends too slowly misses.
    `arrived` is called when the body is complete."""
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
        if complete:
            arrived()
        return message

    return receive_in_time
