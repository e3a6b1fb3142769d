"""Short way for heartbeats, ahead of the application: ten thousand viewers send a thousand a second.

Takes those that are recorded. Whatever is to be refused goes through the application, which renders it like
every other error: a faulty body, a slow or long one, an invalid token, maintenance.
"""

import asyncio
from collections import deque
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

from server.watching.heartbeats.intake import MOST_BYTES, Intake, send_recorded

PATH = "/api/video/track-watch"
ERROR = "heartbeat_error"  # in the scope: what recording raised, for the application to render
BODY_SECONDS = 10.0  # in which the body has to arrive
MOST_READING = 2048  # bodies that are waited for here; the application bounds those of each address


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
        messages = await self._messages(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        if messages[-1]["type"] != "http.request" or messages[-1].get("more_body", False):
            await self._app(scope, _again(messages, receive), send)
            return
        try:
            recorded = await self._intake.recorded(body)
        except Exception as error:
            request[ERROR] = error
            await self._app(scope, _again(messages, receive), send)
            return
        await send_recorded(send, recorded)

    async def _messages(self, receive: Receive) -> list[Any]:
        """The body, as far as it arrives in time and is not too long."""
        messages: list[Any] = []
        size = 0
        self._reading += 1
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while size <= MOST_BYTES and (not messages or messages[-1].get("more_body", False)):
                    messages.append(await receive())
                    size += len(messages[-1].get("body", b""))
        except TimeoutError:
            messages.append({"type": "http.disconnect"})
        finally:
            self._reading -= 1
        return messages


def _is_heartbeat(request: Any) -> bool:
    return bool(request["type"] == "http" and request["path"] == PATH and request["method"] == "POST")


def _again(messages: list[Any], receive: Receive) -> Receive:
    """The same messages from the first one on."""
    left = deque(messages)

    async def receive_again() -> Any:
        return left.popleft() if left else await receive()

    return receive_again
