"""Short way for heartbeats, ahead of the application: ten thousand viewers send a thousand a second.

Takes those that arrive whole and are recorded. Whatever is to be refused goes through the application, which
renders it like every other error: a body in parts, a faulty one, an invalid token, maintenance.
"""

import asyncio
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

from server.watching.intake import MOST_BYTES, Intake, send_recorded

PATH = "/api/video/track-watch"
ERROR = "heartbeat_error"  # in the scope: what recording raised, for the application to render
BODY_SECONDS = 10.0  # in which the body has to arrive
MOST_READING = 256  # bodies that are waited for here; the application bounds those of each address


class HeartbeatEntrance:
    def __init__(self, app: ASGIApp, application: Litestar) -> None:
        self._app, self._state = app, application.state
        self._intake: Intake = application.state["intake"]
        self._reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        if not _is_heartbeat(request) or self._reading >= MOST_READING:
            await self._app(scope, receive, send)
            return
        if await self._state["maintenance"].notice() is not None:
            await self._app(scope, receive, send)
            return
        message = await self._first(receive)
        if not _is_whole(message):
            await self._app(scope, _again(message, receive), send)
            return
        try:
            recorded = await self._intake.recorded(message["body"])
        except Exception as error:
            request[ERROR] = error
            await self._app(scope, _again(message, receive), send)
            return
        await send_recorded(send, recorded)

    async def _first(self, receive: Receive) -> Any:
        self._reading += 1
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        finally:
            self._reading -= 1


def _is_heartbeat(request: Any) -> bool:
    return bool(request["type"] == "http" and request["path"] == PATH and request["method"] == "POST")


def _is_whole(message: Any) -> bool:
    whole = message["type"] == "http.request" and not message.get("more_body", False)
    return bool(whole and len(message["body"]) <= MOST_BYTES)


def _again(message: Any, receive: Receive) -> Receive:
    """The same messages from the first one on."""
    first = [message]

    async def receive_again() -> Any:
        return first.pop() if first else await receive()

    return receive_again
