"""Admission: requests in progress by address, and the time that a body may take."""

import asyncio
from typing import Any

import pytest
from litestar.exceptions import HTTPException

from server.core.errors import TooManyRequests
from server.core.web.middleware.limits import admission
from server.core.web.middleware.limits.admission import Admission, Kind, in_time


class Held:
    """Application whose requests stay open until `release` is set."""

    def __init__(self) -> None:
        self.release = asyncio.Event()

    async def __call__(self, _scope: Any, _receive: Any, _send: Any) -> None:
        await self.release.wait()


def request_of(address: str, path: str = "/", *headers: tuple[bytes, bytes]) -> Any:
    return {
        "type": "http",
        "path": path.removeprefix("/m"),  # as for a mounted application
        "raw_path": path.encode(),
        "method": "GET",
        "headers": headers,
        "client": (address, 1),
        "state": {},
    }


async def nothing(*_: Any) -> Any:
    await asyncio.Event().wait()


async def test_one_address_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(admission.PER_ADDRESS, Kind.OTHER, 3)
    admit, held = Admission(0), Held()
    tasks = [asyncio.ensure_future(admit.handle(request_of("a"), nothing, nothing, held)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await admit.handle(request_of("a"), nothing, nothing, held)
    tasks.append(asyncio.ensure_future(admit.handle(request_of("b"), nothing, nothing, held)))
    await asyncio.sleep(0)
    held.release.set()
    await asyncio.gather(*tasks)
    await admit.handle(request_of("a"), nothing, nothing, held)


async def test_unfinished_bodies_leave_room_for_the_same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form takes its place until it has arrived; videos, uploads and pages have others."""
    monkeypatch.setitem(admission.PER_ADDRESS, Kind.UNFINISHED, 2)
    admit, length = Admission(0), (b"content-length", b"5")

    async def reads(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        await asyncio.Event().wait()

    async def arrives() -> Any:
        return {"type": "http.request", "body": b"a=1&b", "more_body": False}

    tasks = [
        asyncio.ensure_future(admit.handle(request_of("a", "/sign-in", length), receive, nothing, reads))
        for receive in (arrives, arrives, nothing, nothing)
    ]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await admit.handle(request_of("a", "/sign-in", length), arrives, nothing, reads)
    held = Held()
    held.release.set()
    for path in ("/m/token/video/index.m3u8", "/api/video/upload/tus", "/teach"):
        await admit.handle(request_of("a", path), nothing, nothing, held)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await admit.handle(request_of("a", "/sign-in", length), nothing, nothing, held)


@pytest.mark.parametrize("uploads", [False, True])
async def test_body_that_stops_arriving_ends_the_request(
    monkeypatch: pytest.MonkeyPatch, uploads: bool
) -> None:
    monkeypatch.setattr(admission, "STALL_SECONDS", 0.02)
    with pytest.raises(HTTPException) as refused:
        await in_time(nothing, lambda: None, uploads=uploads)()
    assert refused.value.status_code == 408


async def test_slow_body_is_an_upload_or_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "HEAD_START_SECONDS", 0.02)

    async def trickle() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    upload, form = (in_time(trickle, lambda: None, uploads=uploads) for uploads in (True, False))
    for _ in range(10):
        await upload()
    with pytest.raises(HTTPException):
        for _ in range(10):
            await form()


async def test_connection_after_the_body_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event stream waits for its disconnect as long as it is open."""
    monkeypatch.setattr(admission, "STALL_SECONDS", 0.01)
    messages: list[Any] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": b"", "more_body": False},
    ]

    async def receive() -> Any:
        if len(messages) == 1:
            await asyncio.sleep(0.05)
        return messages.pop()

    waiting = in_time(receive, lambda: None, uploads=False)
    assert (await waiting())["type"] == "http.request"
    assert (await waiting())["type"] == "http.disconnect"
