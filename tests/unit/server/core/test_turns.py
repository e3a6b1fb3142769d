"""Turns of requests by address."""

import asyncio
from typing import Any

import pytest

from server.core.web.middleware.limits import turns
from server.core.web.middleware.limits.turns import PER_ADDRESS, Turns

START = {"type": "http.response.start"}


class Working:
    """Application that counts what it works on, reads a body where there is one, and waits for `release`."""

    def __init__(self) -> None:
        self.begun = 0
        self.release = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun += 1
        if scope["method"] == "POST":
            await receive()
        if scope["raw_path"] == b"/events":
            await send(START)
        await self.release.wait()
        await send(START)


async def never() -> Any:
    await asyncio.Event().wait()


async def sent(_message: Any) -> None:
    pass


async def started(app: Working, *requests: tuple[str, str, bytes]) -> int:
    """Number of these requests that the application has begun: method, address, path."""
    limited = Turns(app)
    tasks = [
        asyncio.ensure_future(limited(scope_of(method, address, path), never, sent))  # type: ignore[arg-type]
        for method, address, path in requests
    ]
    await asyncio.sleep(0.01)
    begun = app.begun
    app.release.set()
    await asyncio.wait(tasks, timeout=0.1)
    ended = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert ended == sum(method == "GET" for method, _, _ in requests)
    return begun


def scope_of(method: str, address: str, path: bytes) -> dict[str, Any]:
    return {"type": "http", "method": method, "raw_path": path, "headers": [], "client": (address, 1)}


async def test_requests_of_one_address_wait_for_each_other() -> None:
    many = [("GET", "a", b"/teach")] * (PER_ADDRESS + 20)
    assert await started(Working(), *many, ("GET", "b", b"/teach")) == PER_ADDRESS + 1


async def test_long_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITING", 20)
    many = [("GET", "a", b"/teach")] * (PER_ADDRESS + 20)
    app, statuses = Turns(Working()), list[int]()

    async def records(message: Any) -> None:
        statuses.append(message.get("status", 0))

    tasks = [asyncio.ensure_future(app(scope_of(*request), never, sent)) for request in many]  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    await app(scope_of("GET", "a", b"/teach"), never, records)  # type: ignore[arg-type]
    assert statuses == [429, 0]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_media_wait_for_nothing() -> None:
    many = [("GET", "a", b"/teach")] * (PER_ADDRESS + 20)
    assert await started(Working(), *many, ("GET", "a", b"/m/token/index.m3u8")) == PER_ADDRESS + 1


async def test_begun_responses_and_missing_bodies_hold_no_turn() -> None:
    many = [("GET", "a", b"/events"), ("POST", "a", b"/sign-in")] * PER_ADDRESS
    assert await started(Working(), *many, ("GET", "a", b"/teach")) == 2 * PER_ADDRESS + 1
