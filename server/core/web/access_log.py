"""Around the whole application: an id for each request, one line and one measurement when it is answered."""

import re
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.web.metrics import REQUEST_SECONDS, REQUESTS

SECRET_STEP = re.compile(r"^/(m|setup)/[^/]+")  # path tokens open doors: they are never written down
FREQUENT = ("/m/", "/static/", "/health/", "/metrics")  # logged at debug level only
REQUEST_ID = re.compile(rb"[\w.-]{8,64}")

log = structlog.get_logger("access")


class AccessLog:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:  # the lifespan
            await self._app(scope, receive, send)
            return
        begun, status, request_id = monotonic(), 500, _request_id(scope["headers"])
        path = scope["path"]  # a mount leaves a part of it out of the scope
        structlog.contextvars.bind_contextvars(request=request_id)

        async def note(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            _report(scope["method"], path, status, monotonic() - begun)
            structlog.contextvars.unbind_contextvars("request")


def without_secrets(path: str) -> str:
    return SECRET_STEP.sub(r"/\1/…", path)


def _request_id(headers: Any) -> str:
    """The proxy's, where it looks like one; else a new one."""
    given: bytes = dict(headers).get(b"x-request-id", b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else uuid4().hex[:16]


def _report(method: str, path: str, status: int, seconds: float) -> None:
    expected = status < 500 or path.startswith("/health/")  # 503 is its answer while things come up
    say = log.debug if path.startswith(FREQUENT) and expected else log.info
    say(
        f"{method} {without_secrets(path)} {status}",
        milliseconds=round(seconds * 1000),
    )
    REQUESTS.labels(method, f"{status // 100}xx").inc()
    REQUEST_SECONDS.observe(seconds)
