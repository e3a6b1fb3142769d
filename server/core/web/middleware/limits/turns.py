"""Turns: of one address, some requests are worked on at once, and the others wait before they cost anything.

Every request that is worked on makes all others a little slower. Thousands that one client sends in the same
second then delay its own, and not those of others.
"""

import asyncio
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.errors import TooManyRequests
from server.core.web.client_address import client_address
from server.core.web.middleware.limits.admission import TOO_MANY
from server.core.web.middleware.limits.refusal import refuse

PER_ADDRESS = 32  # more than the database takes at once
WAITING = 512  # requests of one address, above which others are refused: each holds a connection
NO_TURN = (b"/m/", b"/health/", b"/static/", b"/api/video/track-watch")  # short, or gathered into one commit


class Turns:
    def __init__(self, app: ASGIApp, *, proxies: int = 0) -> None:
        self._app = app
        self._proxies = proxies
        self._lines: dict[str, _Line] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["raw_path"].startswith(NO_TURN):
            await self._app(scope, receive, send)
            return
        address = client_address(ASGIConnection(scope), self._proxies)
        line = self._lines.setdefault(address, _Line())
        if line.waiting >= WAITING:
            await refuse(send, TooManyRequests(TOO_MANY))
            return
        line.requests += 1
        try:
            await _Turn(line).answer(self._app, scope, receive, send)
        finally:
            line.requests -= 1
            if not line.requests:
                del self._lines[address]


class _Line:
    def __init__(self) -> None:
        self.requests = 0  # those that wait included
        self.waiting = 0
        self.free = asyncio.Semaphore(PER_ADDRESS)


class _Turn:
    """A request's turn. It is given back while the client is waited for, and when the response begins."""

    def __init__(self, line: _Line) -> None:
        self._line, self._free = line, line.free
        self._taken = self._over = False

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_between_turns() -> Any:
            self._give_back()
            message = await receive()
            await self._take()
            return message

        async def send_after_the_turn(message: Any) -> None:
            self._over = True
            self._give_back()
            await send(message)

        await self._take()
        try:
            await app(scope, receive_between_turns, send_after_the_turn)
        finally:
            self._give_back()

    async def _take(self) -> None:
        if not self._over:
            self._line.waiting += 1
            try:
                await self._free.acquire()
            finally:
                self._line.waiting -= 1
            self._taken = True

    def _give_back(self) -> None:
        if self._taken:
            self._taken = False
            self._free.release()
