"""Access log middleware: a request id, and one log line and one measurement per response."""

import logging
import re
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.logging import printable
from server.core.web.client_address import client_address
from server.core.web.metrics import RequestMetrics
from server.core.web.middleware.line_budget import LineBudget

FREQUENT = ("/m/", "/static/", "/health/", "/metrics", "/api/video/track-watch")  # logged at debug level only
REQUEST_ID = re.compile(rb"[\w.-]{8,64}")

log = structlog.get_logger("access")


class AccessLog:
    def __init__(self, app: ASGIApp, metrics: RequestMetrics, *, proxies: int = 0) -> None:
        self._app, self._metrics = app, metrics
        self._proxies = proxies
        self._budget = LineBudget(monotonic)
        self._logs_frequent = logging.getLogger("access").isEnabledFor(logging.DEBUG)

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
        except (
            Exception
        ):  # outside of the application's handlers; the HTTP server answers 500 and logs nothing
            log.exception("unhandled exception")
            raise
        finally:
            self._report(scope, path, status, monotonic() - begun)
            structlog.contextvars.unbind_contextvars("request")

    def _report(self, scope: Scope, path: str, status: int, seconds: float) -> None:
        method = scope["method"]  # type: ignore[typeddict-item]
        if not path.startswith("/health/"):  # a probe's 503 is an answer, not an error of the server
            self._metrics.count(method, status, seconds)
        expected = status < 500 or path.startswith("/health/")  # 503 is the normal answer during startup
        frequent = path.startswith(FREQUENT) and expected
        if frequent and not self._logs_frequent:
            return
        line, milliseconds = printable(f"{method} {path} {status}"), round(seconds * 1000)
        if frequent:
            log.debug(line, milliseconds=milliseconds)
            return
        withheld = self._budget.take(client_address(ASGIConnection(scope), self._proxies))
        if withheld is not None:
            more = {"withheld_before": withheld} if withheld else {}
            log.info(line, milliseconds=milliseconds, **more)


def _request_id(headers: Any) -> str:
    """X-Request-Id of the proxy if it is well-formed, otherwise a new id."""
    given: bytes = dict(headers).get(b"x-request-id", b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else uuid4().hex[:16]
