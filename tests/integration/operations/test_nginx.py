"""Behind nginx as docs/operations.md configures it, except for its certificate."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from server.core.web.cookies import cookie_name
from tests.fixtures.nginx import free_port, nginx
from tests.fixtures.server_process import Campus, SharedServers
from tests.fixtures.tus import send
from tests.fixtures.waiting import wait_until


@pytest.fixture(scope="module")
def port() -> int:
    """Port of nginx, which the server is told of when it starts."""
    return free_port()


@pytest.fixture
async def campus(shared_servers: SharedServers, port: int) -> AsyncIterator[Campus]:
    """Server behind nginx, which all tests of this module use."""
    settings = {"SKILLSTUDIO_BASE_URL": f"http://127.0.0.1:{port}", "SKILLSTUDIO_PROXIES": "1"}
    async with shared_servers.campus("behind-nginx", **settings) as made:
        yield made


@pytest.fixture
def proxied(campus: Campus, port: int, tmp_path: Path) -> Iterator[str]:
    """Public address: that of nginx."""
    with nginx(tmp_path, port, campus.server.url):
        yield f"http://127.0.0.1:{port}"


def client_of(campus: Campus, url: str, who: str = "teacher") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {campus.school.tokens[who]}", "Tus-Resumable": "1.0.0"}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30)


async def test_browser_that_sends_only_an_origin_signs_in(campus: Campus, proxied: str) -> None:
    await campus.world.person("Zoë Groß", role="learner", email="zoe@example.edu", password="a good sentence")
    form = {"email": "zoe@example.edu", "password": "a good sentence"}
    async with httpx.AsyncClient(base_url=proxied, follow_redirects=True) as browser:
        answer = await browser.post("/sign-in", data=form, headers={"Origin": proxied})
        assert answer.status_code == 200
        assert cookie_name(proxied) in browser.cookies
        renamed = await browser.post("/account/name", data={"name": "Zoë"}, headers={"Origin": proxied})
        assert renamed.status_code == 200
        foreign = {"Origin": "http://elsewhere.example"}
        refused = await browser.post("/account/name", data={"name": "Eve"}, headers=foreign)
        assert refused.status_code == 403


async def test_metrics_are_not_public(campus: Campus, proxied: str) -> None:
    async with httpx.AsyncClient(base_url=proxied) as anybody:
        assert (await anybody.get("/metrics")).status_code == 403
    async with client_of(campus, proxied, "administrator") as administrator:
        assert (await administrator.get("/metrics")).status_code == 200


async def test_upload_is_seen_as_it_comes(campus: Campus, proxied: str) -> None:
    async with client_of(campus, proxied) as client:
        location = await campus.create(client, 3_000_000)
        more = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"x" * 1_500_000
            await more.wait()
            yield b"x" * 1_500_000

        sending = asyncio.create_task(send(client, location, 0, body(), Content_Length="3000000"))
        await wait_until(lambda: campus.spool_file(location).stat().st_size >= 1_000_000)
        more.set()
        assert (await sending).status_code == 204
        again = await campus.create(client, 2_000_000)
        assert (await send(client, again, 0, b"y" * 2_000_000)).status_code == 204


async def test_events_are_not_buffered(campus: Campus, proxied: str) -> None:
    events = f"/api/video/transcode/status/{campus.school.lesson_id}/events"
    async with client_of(campus, proxied) as client, client.stream("GET", events) as answer:
        lines = answer.aiter_lines()
        async with asyncio.timeout(10):
            async for line in lines:
                if line.startswith("data: "):
                    break


async def test_sign_ins_are_counted_by_client(campus: Campus, proxied: str) -> None:
    """The address that nginx saw counts; what a client claims before it does not."""
    log = campus.server.log
    async with httpx.AsyncClient(base_url=proxied) as browser:
        for number in range(7):
            answer = await browser.post(
                "/sign-in",
                data={"email": "nobody@example.edu", "password": "wrong"},
                headers={"Origin": proxied, "X-Forwarded-For": f"203.0.113.{number}"},
            )
        assert answer.status_code == 429
        known = answer.headers["x-request-id"]
    await wait_until(lambda: known in log.read_text())  # the line is written after the response
