"""Presigned form of spec section 1, on both stores, as an API client sends it."""

import asyncio
import hashlib
import os
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from storage.database.tables import Lesson, Upload, Video
from tests.fixtures.objects import S3Server
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until

DATA = os.urandom(300_000)
INIT, START = "/api/video/upload/init", "/api/video/transcode/start"


async def request_form(campus: Campus, client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    wanted = {
        "lesson_id": campus.school.lesson_id,
        "filename": "lecture.mp4",
        "content_type": "video/mp4",
        "size": len(DATA),
    }
    answer = await client.post(INIT, json=wanted | changed)
    assert answer.status_code == 200, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


async def send_form(
    ticket: dict[str, Any], data: bytes = DATA, altered: dict[str, str] | None = None
) -> httpx.Response:
    """POST without an account: the signature is the authorisation."""
    async with httpx.AsyncClient(timeout=30) as anonymous:
        return await anonymous.post(
            ticket["upload_url"],
            data=ticket["fields"] | (altered or {}),
            files={"file": ("lecture.mp4", data, "video/mp4")},
        )


async def start(campus: Campus, client: httpx.AsyncClient, ticket: dict[str, Any]) -> httpx.Response:
    return await client.post(START, json={"lesson_id": campus.school.lesson_id, "s3_key": ticket["s3_key"]})


async def test_repeated_start_returns_one_job(any_campus: Campus) -> None:
    async with any_campus.client() as client:
        ticket = await request_form(any_campus, client)
        assert ticket.keys() == {"upload_url", "fields", "s3_key", "tus_url", "expires_at"}
        early = await start(any_campus, client, ticket)
        assert early.status_code == 409
        assert "not arrived yet" in early.json()["detail"]
        sent = await send_form(ticket)
        assert sent.status_code in (200, 204), sent.text
        first, second = await asyncio.gather(
            start(any_campus, client, ticket), start(any_campus, client, ticket)
        )
        third = await start(any_campus, client, ticket)
        status = (await client.get(f"/api/video/transcode/status/{any_campus.school.lesson_id}")).json()
    assert first.status_code == second.status_code == third.status_code == 200
    assert (
        first.json() == second.json() == third.json() == {"job_id": status["job_id"], "status": "processing"}
    )
    async with any_campus.school.database.read() as session:
        video = (await session.scalars(select(Video))).one()
        lesson = (await session.scalars(select(Lesson))).one()
    assert (video.source_key, video.source_bytes) == (ticket["s3_key"], len(DATA))
    assert (lesson.video_status, lesson.video_original_url) == ("processing", ticket["s3_key"])


async def test_stored_bytes_equal_sent_bytes(campus: Campus, s3_campus: Campus, s3_server: S3Server) -> None:
    expected = hashlib.sha256(DATA).digest()
    async with campus.client() as client:
        ticket = await request_form(campus, client)
        await send_form(ticket)
    stored = (campus.data / "objects" / ticket["s3_key"]).read_bytes()
    assert hashlib.sha256(stored).digest() == expected
    async with s3_campus.client() as client:
        ticket = await request_form(s3_campus, client)
        assert ticket["upload_url"].startswith(s3_server.endpoint)  # straight to the store
        await send_form(ticket)
    store = s3_server.store()
    assert hashlib.sha256(await store.get_bytes(ticket["s3_key"])).digest() == expected
    await store.close()


async def test_file_larger_than_signed_size_is_refused(any_campus: Campus) -> None:
    async with any_campus.client() as client:
        ticket = await request_form(any_campus, client)
        assert (await send_form(ticket, DATA + b"x")).status_code in (400, 403, 413)
        assert (await start(any_campus, client, ticket)).status_code == 409


async def test_file_of_another_size_is_not_started(any_campus: Campus) -> None:
    async with any_campus.client() as client:
        ticket = await request_form(any_campus, client)
        await send_form(ticket, DATA[:-1])
        refused = await start(any_campus, client, ticket)
        assert refused.status_code == 409
        assert "Send it again" in refused.json()["detail"]
        await send_form(ticket)
        assert (await start(any_campus, client, ticket)).status_code == 200


@pytest.mark.parametrize("field", ["key", "policy", "signature", "Content-Type"])
async def test_altered_form_is_refused(campus: Campus, field: str) -> None:
    async with campus.client() as client:
        ticket = await request_form(campus, client)
        other = ticket["fields"][field][:-4] + "AAAA"
        answer = await send_form(ticket, altered={field: other})
    assert answer.status_code == 403
    assert not list((campus.data / "objects").rglob("*.mp4"))
    assert not list((campus.data / "uploads").glob("*.form"))


async def test_refusal_reaches_client_that_is_still_sending(campus: Campus) -> None:
    """The body is much larger than the kernel's socket buffers."""
    async with campus.client() as client:
        ticket = await request_form(campus, client)
        answer = await send_form(ticket, DATA * 100, altered={"key": ticket["fields"]["key"] + "x"})
    assert answer.status_code == 403


async def test_altered_policy_is_refused_by_s3(s3_campus: Campus) -> None:
    async with s3_campus.client() as client:
        ticket = await request_form(s3_campus, client)
    signature = next(name for name in ticket["fields"] if name.lower().endswith("signature"))
    answer = await send_form(ticket, altered={signature: "0" * len(ticket["fields"][signature])})
    assert answer.status_code == 403


async def test_interrupted_form_leaves_no_files(campus: Campus) -> None:
    async with campus.client() as client:
        ticket = await request_form(campus, client)
    _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in ticket["fields"].items()
    )
    part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    head = (
        "POST /api/video/upload/form HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n"
    )
    writer.write((head + fields + part).encode() + DATA)
    await writer.drain()
    spool = campus.data / "uploads"
    await wait_until(lambda: any(spool.glob("*.form")))
    writer.transport.abort()
    await wait_until(lambda: not any(spool.glob("*.form")))
    assert not list((campus.data / "objects").rglob("*.mp4"))


async def test_used_form_is_refused(campus: Campus) -> None:
    """An original must not change while it is being encoded."""
    async with campus.client() as client:
        ticket = await request_form(campus, client)
        await send_form(ticket)
        await start(campus, client, ticket)
        assert (await send_form(ticket, os.urandom(len(DATA)))).status_code == 403
    assert (campus.data / "objects" / ticket["s3_key"]).read_bytes() == DATA


@pytest.mark.parametrize(("who", "status"), [("learner", 404), ("other", 404), ("administrator", 200)])
async def test_form_permissions_by_role(campus: Campus, who: str, status: int) -> None:
    async with campus.client("teacher") as client:
        ticket = await request_form(campus, client)
        await send_form(ticket)
    async with campus.client(who) as client:
        asked = await client.post(
            INIT, json={"lesson_id": campus.school.lesson_id, "filename": "x.mp4", "size": 10}
        )
        assert asked.status_code == status
        assert (await start(campus, client, ticket)).status_code == status


async def test_object_of_another_lesson_is_not_started(campus: Campus) -> None:
    async with campus.client() as client:
        ticket = await request_form(campus, client)
        await send_form(ticket)
        made = await client.post(f"/api/courses/{campus.school.course_id}/lessons", json={"title": "Heaps"})
        answer = await client.post(START, json={"lesson_id": made.json()["id"], "s3_key": ticket["s3_key"]})
    assert answer.status_code == 404


async def test_empty_or_too_large_file_gets_no_form(campus: Campus) -> None:
    async with campus.client() as client:
        for size, status in ((0, 400), (2**50, 413)):
            answer = await client.post(
                INIT, json={"lesson_id": campus.school.lesson_id, "filename": "x.mp4", "size": size}
            )
            assert answer.status_code == status
    async with campus.school.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Upload)) == 0
