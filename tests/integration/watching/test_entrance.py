"""The short way of heartbeats: what is recorded, and what is left to the application to refuse."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import delete

from server.watching.heartbeats import entrance
from server.watching.heartbeats.entrance import HeartbeatEntrance
from server.watching.heartbeats.intake import MOST_BYTES
from storage.database.tables import Enrolment, Lesson
from tests.fixtures.web import Account
from tests.integration.watching.test_heartbeats import TRACK, beat, lesson, token_of
from tests.world.builder import World

UNKNOWN = b'{"token":"t","session":"0123456789abcdef","seq":0}'
__all__ = ["lesson"]


@pytest.fixture
async def short(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(entrance, "BODY_SECONDS", 0.2)
    way: Any = HeartbeatEntrance(app, app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(way), base_url="http://127.0.0.1") as client:
        yield client


async def test_heartbeat_is_recorded(short: httpx.AsyncClient, lesson: Lesson, learner: Account) -> None:
    answer = await short.post(TRACK, json=beat(await token_of(learner, lesson), 0, (0, 5)))
    assert (answer.status_code, answer.json()["covered_seconds"]) == (200, 5.0)
    assert answer.headers["cache-control"] == "no-store"


async def test_body_in_parts(short: httpx.AsyncClient, lesson: Lesson, learner: Account) -> None:
    whole = httpx.Request("POST", "http://h/", json=beat(await token_of(learner, lesson), 0, (0, 5))).content

    async def parts() -> AsyncIterator[bytes]:
        yield whole[:20]
        yield whole[20:]

    answer = await short.post(TRACK, content=parts())
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"token":"t","session":"0123456789abcdef","seq":0}', 403),
        (b" " * (MOST_BYTES + 1), 413),
    ],
)
async def test_what_is_refused_is_rendered(short: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await short.post(TRACK, content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.headers["referrer-policy"] == "same-origin"  # through the application


async def test_conflict_names_its_reason(
    short: httpx.AsyncClient, lesson: Lesson, learner: Account, world: World
) -> None:
    token = await token_of(learner, lesson)
    async with world.database.write() as session:
        await session.execute(delete(Enrolment))
    answer = await short.post(TRACK, json=beat(token, 0, (0, 5)))
    assert (answer.status_code, "not open to you" in answer.json()["detail"]) == (409, True)


async def test_other_addresses_pass_through(short: httpx.AsyncClient) -> None:
    assert (await short.get("/health/live")).status_code == 200
    assert (await short.get(TRACK)).status_code == 405
