"""Uploads with two hosts: any server answers for any upload, and no host ends what another one holds."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from server.core.clock import SystemClock
from server.uploads.api.holder import HOP
from storage.database.tables import Host, Lesson, Video
from tests.fixtures.hosts import Hosts
from tests.fixtures.relay import Relay
from tests.fixtures.server_process import Campus
from tests.fixtures.tus import send, zeros
from tests.fixtures.waiting import wait_until
from transcoder.jobs.claiming import claim_next
from transcoder.jobs.queue import QUICK
from transcoder.jobs.timing import Timing

PART = 500_000
DATA = os.urandom(6 * PART)


async def offset(campus: Campus, location: str) -> int:
    async with campus.client() as client:
        return int((await client.head(location)).headers["upload-offset"])


async def send_then_cut(campus: Campus, location: str, start: int, data: bytes) -> None:
    """PATCH that announces a whole part and is aborted after `data`, as soon as the holder has it."""
    _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {campus.school.tokens['teacher']}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {start}\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {PART}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    await writer.drain()
    await asyncio.sleep(0.5)
    writer.transport.abort()


async def when_free(client: httpx.AsyncClient, location: str, start: int, data: bytes) -> httpx.Response:
    """PATCH, once the holder has noticed that the connection before it was cut."""
    async with asyncio.timeout(30):
        while True:
            answer = await send(client, location, start, data)
            if answer.status_code != 423:
                return answer
            await asyncio.sleep(0.05)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    """Body of unknown length: sent in chunks."""
    for start in range(0, len(data), 65_536):
        yield data[start : start + 65_536]


async def test_sweeps_on_b_while_a_stores_slowly(hosts: Hosts, relay: Relay) -> None:
    for campus in (hosts.a, hosts.b):
        await hosts.start_scheduler(campus)
    relay.taking.clear()
    async with hosts.a.client() as client:
        location = await hosts.a.create(client, len(DATA))
        assert (await send(client, location, 0, DATA)).status_code == 204
    await hosts.until(location, "received")
    for _ in range(3):
        await asyncio.gather(hosts.sweep("a"), hosts.sweep("b"))
    assert (await hosts.row(location)).state == "received"
    relay.taking.set()
    row = await hosts.until(location, "stored")
    assert row.host == "a"
    assert await hosts.stored_sha256(location) == hashlib.sha256(DATA).hexdigest()
    await hosts.submitted(row)
    job = await claim_next(hosts.database, QUICK, "w", SystemClock().now(), Timing())
    assert job
    assert (job.kind, job.source_key) == ("prepare", row.s3_key)
    async with hosts.database.read() as session:
        assert (await session.scalars(select(Video.source_bytes))).all() == [len(DATA)]
        assert (await session.get_one(Lesson, row.lesson_id)).video_status == "processing"


async def test_alternating_parts_with_an_interruption(hosts: Hosts) -> None:
    async with hosts.a.client() as a, hosts.b.client() as b:
        location = await hosts.a.create(a, len(DATA))
        for start, client in ((0, a), (PART, b), (2 * PART, a)):
            answer = await send(client, location, start, DATA[start : start + PART])
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(start + PART))
        await send_then_cut(hosts.b, location, 3 * PART, DATA[3 * PART : 3 * PART + 123_456])
        await wait_until(lambda: hosts.a.spool_file(location).stat().st_size == 3 * PART + 123_456)
        position = await offset(hosts.b, location)
        assert position == await offset(hosts.a, location) == 3 * PART + 123_456
        answer = await when_free(b, location, position, DATA[position : 5 * PART])
        assert answer.headers["upload-offset"] == str(5 * PART)
        assert answer.headers["tus-resumable"] == "1.0.0"
        override = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": str(5 * PART)}
        body = {"Content-Type": "application/offset+octet-stream"}
        answer = await b.post(location, content=pieces(DATA[5 * PART :]), headers=override | body)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(DATA)))
    assert not hosts.b.spool_file(location).exists()
    await hosts.until(location, "stored")
    assert await hosts.stored_sha256(location) == hashlib.sha256(DATA).hexdigest()
    assert await offset(hosts.b, location) == len(DATA)


async def test_holder_decides_as_if_asked_directly(hosts: Hosts) -> None:
    digest = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
    async with hosts.a.client() as a, hosts.b.client() as b, hosts.b.client("other") as other:
        location = await hosts.a.create(a, len(DATA))
        for campus in (hosts.a, hosts.b):
            async with campus.client() as client:
                damaged = DATA[:-1] + b"?"
                mismatch = await send(client, location, 0, damaged, Upload_Checksum=f"sha256 {digest}")
                assert (mismatch.status_code, mismatch.json()["status"]) == (460, 460)
                assert mismatch.headers["content-type"] == "application/problem+json"
                assert (await client.head(location)).headers["upload-length"] == str(len(DATA))
                early = await send(client, location, 7, DATA)
                assert early.status_code == 409
                assert early.json()["detail"] == "The upload is at byte 0. Continue from there."
        assert (await other.head(location)).status_code == 404
        assert (await send(b, location, 0, DATA[:PART])).status_code == 204
        status = (await b.get(f"/api/video/transcode/status/{hosts.b.school.lesson_id}")).json()
        assert [(row["offset"], row["storing"]) for row in status["uploads"]] == [(PART, False)]
        assert (await b.delete(location)).status_code == 204
        assert (await a.head(location)).status_code == 410
    await hosts.sweep("a")
    assert not hosts.a.spool_file(location).exists()


async def test_unreachable_holder(hosts: Hosts) -> None:
    async with hosts.a.client() as a:
        location = await hosts.a.create(a, len(DATA))
        await send(a, location, 0, DATA[:PART])
    await hosts.a.server.kill()
    async with hosts.b.client() as b:
        for answer in (await b.head(location), await send(b, location, PART, DATA[PART : 2 * PART])):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert "holds this upload cannot be reached" in answer.json()["detail"]
        status = (await b.get(f"/api/video/transcode/status/{hosts.b.school.lesson_id}")).json()
        assert [row["offset"] for row in status["uploads"]] == [PART]
        await hosts.sweep("b")
        assert (await hosts.row(location)).state == "open"
        await hosts.a.server.start()
        answer = await send(b, location, PART, DATA[PART:])
        assert answer.headers["upload-offset"] == str(len(DATA))
    await hosts.until(location, "stored")
    assert await hosts.stored_sha256(location) == hashlib.sha256(DATA).hexdigest()


async def test_request_is_passed_on_once(hosts: Hosts) -> None:
    """a's address is announced as b's: b asks itself, and the second time refuses."""
    async with hosts.a.client() as a, hosts.b.client() as b:
        location = await hosts.a.create(a, 1000)
        await hosts.address("a", hosts.b.server.url)
        assert (await b.head(location)).status_code == 503
        assert (await send(b, location, 0, b"x" * 1000)).status_code == 503
        passed_on = await send(b, location, 0, b"x" * 1000, **{HOP: "a"})
        assert passed_on.status_code == 421
        assert (await a.head(location, headers={HOP: "a"})).headers["upload-offset"] == "0"


async def test_announcement_follows_the_server(hosts: Hosts) -> None:
    async with hosts.database.read() as session:
        found = {row.name: row.address for row in await session.scalars(select(Host))}
    assert found == {"a": hosts.a.server.url, "b": hosts.b.server.url}


@pytest.mark.faults
async def test_300_mb_through_the_other_server_in_constant_memory(hosts: Hosts) -> None:
    mib, size = 2**20, 300 * 2**20
    async with hosts.a.client() as a, hosts.b.client() as b:
        warm = await hosts.a.create(a, 2 * mib)
        await send(b, warm, 0, bytes(mib))
        location = await hosts.a.create(a, size)
        sending = send(b, location, 0, zeros(300), Content_Length=str(size))
        answer, growth = await hosts.b.server.growth_during(sending)
    assert answer.status_code == 204
    assert growth < 50 * mib
