"""Refusal by a middleware that stands before the application."""

from typing import Any

import msgspec
from litestar.types import Send

from server.core.errors import Problem
from server.core.text.formats import translated
from server.core.web.exception_handlers import Details

HEADERS = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]


async def refuse(send: Send, problem: Problem) -> None:
    details = Details(translated(problem.title), problem.status, translated(problem.message))
    start: Any = {"type": "http.response.start", "status": problem.status, "headers": HEADERS}
    body: Any = {"type": "http.response.body", "body": msgspec.json.encode(details), "more_body": False}
    await send(start)
    await send(body)
