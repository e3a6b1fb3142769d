"""Access log middleware: a request id, and one log line and one measurement per response."""

import re
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.logging import one_line
from server.core.web.metrics import REQUEST_SECONDS, REQUESTS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # the label's values
FREQUENT = ("/m/", "/static/", "/health/", "/metrics")  # logged at debug level only
REQUEST_ID = re.compile(rb"[\w.-]{8,64}")

log = structlog.get_logger("access")


class AccessLog:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:  # lifespan events
            await self._app(scope, receive, send)
            return
        begun, status, request_id = monotonic(), 500, _request_id(scope["headers"])
        path = scope["path"]  # read here: a mounted application shortens it in the scope
        structlog.contextvars.bind_contextvars(request=request_id)

        async def send_with_id(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _report(scope["method"], path, status, monotonic() - begun)
            structlog.contextvars.unbind_contextvars("request")


def _request_id(headers: Any) -> str:
    """X-Request-Id of the proxy if it is well-formed, otherwise a new id."""
    given: bytes = dict(headers).get(b"x-request-id", b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else uuid4().hex[:16]


def _report(method: str, path: str, status: int, seconds: float) -> None:
    expected = status < 500 or path.startswith("/health/")  # 503 is the normal answer during startup
    say = log.debug if path.startswith(FREQUENT) and expected else log.info
    say(
        one_line(f"{method} {path} {status}"),
        milliseconds=round(seconds * 1000),
    )
    REQUESTS.labels(method if method in METHODS else "other", f"{status // 100}xx").inc()
    REQUEST_SECONDS.observe(seconds)
