"""End of the connection after a response that does not wait for the rest of the request."""

from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send


class ClosesUnreadBodies:
    """`Connection: close` (RFC 9112 section 9.6) on a response that does not wait for the whole request, and
    on 429: who has too much open keeps no connection for having asked.

    The HTTP server ends such a connection; a client that is not told sends its next request on it and loses
    that one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"content-length", b"")
        length = int(given) if given.isdigit() else 0
        unread = bool(length) or b"transfer-encoding" in headers
        received = 0

        async def receive_and_count() -> Any:
            nonlocal received, unread
            message: Any = await receive()
            received += len(message.get("body", b""))
            unread = unread and message.get("more_body", False) and not 0 < length <= received
            return message

        async def send_and_close(message: Any) -> None:
            if message["type"] == "http.response.start" and (unread or message["status"] == 429):
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive_and_count, send_and_close)
