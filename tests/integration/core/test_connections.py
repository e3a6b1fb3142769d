"""Connections of a client that goes on after a refusal, against the real HTTP server."""

import asyncio

import httpx
import pytest

from tests.fixtures.server_process import Campus
from tests.fixtures.tus import send
from tests.fixtures.waiting import wait_until
from tests.fixtures.web import Account

BODY = b"x" * 500_000


async def test_refusal_of_an_unread_body_ends_the_connection(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(BODY) * 2)
        for _ in range(20):
            refused = await send(client, location, 7, BODY)
            assert (refused.status_code, refused.headers["connection"]) == (409, "close")
            assert (await client.head(location)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("body", [b"", BODY])
async def test_connection_stays_open_when_the_body_was_read(campus: Campus, body: bytes) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(BODY) * 2)
        taken = await send(client, location, 0, body)
        assert taken.status_code == 204
        assert "connection" not in taken.headers
        assert "connection" not in (await client.get("/sign-in")).headers


@pytest.mark.parametrize(
    ("path", "kind", "begun"),
    [
        ("/sign-in", "application/x-www-form-urlencoded", "email=ada"),
        ("/api/video/upload/form", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-d"),
    ],
)
async def test_cut_form_is_the_clients_error(campus: Campus, path: str, kind: str, begun: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
    name = f"cut-form-{kind[:13].replace('/', '-')}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nX-Request-Id: {name}\r\n"
    form = f"Content-Type: {kind}\r\nContent-Length: 1000\r\n\r\n{begun}"
    writer.write(f"{head}{form}".encode())
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.transport.abort()
    await wait_until(lambda: name in campus.server.log.read_text())
    lines = [line for line in campus.server.log.read_text().splitlines() if name in line]
    assert len(lines) == 1
    assert f"POST {path} 400" in lines[0]


async def test_host_that_is_none_is_refused(campus: Campus) -> None:
    """The framework cannot build an address from it, on any route, nor a response to its own error."""
    async with httpx.AsyncClient(base_url=campus.server.url) as client:
        for path in ("/sign-in", "/api/me", "/static/none.css", "/none"):
            answer = await client.get(path, headers={"Host": "localhost:99999999"})
            assert (answer.status_code, answer.json()["detail"]) == (
                400,
                "The header Host does not name a host.",
            )


async def test_answers_of_the_api_are_kept_by_no_cache(learner: Account, client: httpx.AsyncClient) -> None:
    for path in ("/api/me", "/api/courses", "/api/me/tokens"):
        assert (await learner.api.get(path)).headers["cache-control"] == "no-store"
    for path in ("/sign-in", "/api/me", "/setup/none"):
        assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_head_is_get_without_a_body(campus: Campus) -> None:
    async with httpx.AsyncClient(base_url=campus.server.url) as monitor:
        for path in ("/health/live", "/sign-in", "/api/docs"):
            answer, whole = await monitor.head(path), await monitor.get(path)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-type"] == whole.headers["content-type"]
        assert (await monitor.head("/nothing")).status_code == 404
        assert (await monitor.head("/sign-in")).status_code == 200  # on the same connection
