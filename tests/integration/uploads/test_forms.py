"""The presigned form of spec section 1, on both stores, as a program sends it."""

import asyncio
import hashlib
import os
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from storage.database.tables import Lesson, Upload, Video
from tests.fixtures.objects import S3Server
from tests.fixtures.uploads import Campus, eventually

DATA = os.urandom(300_000)
INIT, START = "/api/video/upload/init", "/api/video/transcode/start"


async def ask(campus: Campus, client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
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
    """Without any account: the signature is the leave."""
    async with httpx.AsyncClient(timeout=30) as anybody:
        return await anybody.post(
            ticket["upload_url"],
            data=ticket["fields"] | (altered or {}),
            files={"file": ("lecture.mp4", data, "video/mp4")},
        )


async def begin(campus: Campus, client: httpx.AsyncClient, ticket: dict[str, Any]) -> httpx.Response:
    return await client.post(START, json={"lesson_id": campus.school.lesson_id, "s3_key": ticket["s3_key"]})


async def test_init_post_start_and_start_again_is_one_job(any_campus: Campus) -> None:
    async with any_campus.client() as client:
        ticket = await ask(any_campus, client)
        assert ticket.keys() == {"upload_url", "fields", "s3_key", "tus_url", "expires_at"}
        early = await begin(any_campus, client, ticket)
        assert early.status_code == 409
        assert "not arrived yet" in early.json()["detail"]
        sent = await send_form(ticket)
        assert sent.status_code in (200, 204), sent.text
        first, second = await asyncio.gather(
            begin(any_campus, client, ticket), begin(any_campus, client, ticket)
        )
        third = await begin(any_campus, client, ticket)
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


async def test_the_bytes_are_the_same(campus: Campus, s3_campus: Campus, s3_server: S3Server) -> None:
    expected = hashlib.sha256(DATA).digest()
    async with campus.client() as client:
        ticket = await ask(campus, client)
        await send_form(ticket)
    stored = (campus.data / "objects" / ticket["s3_key"]).read_bytes()
    assert hashlib.sha256(stored).digest() == expected
    async with s3_campus.client() as client:
        ticket = await ask(s3_campus, client)
        assert ticket["upload_url"].startswith(s3_server.endpoint)  # straight to the store
        await send_form(ticket)
    store = s3_server.store()
    assert hashlib.sha256(await store.get_bytes(ticket["s3_key"])).digest() == expected
    await store.close()


async def test_a_form_takes_no_more_than_it_was_signed_for(any_campus: Campus) -> None:
    async with any_campus.client() as client:
        ticket = await ask(any_campus, client)
        assert (await send_form(ticket, DATA + b"x")).status_code in (400, 403, 413)
        assert (await begin(any_campus, client, ticket)).status_code == 409


async def test_a_file_of_another_size_is_not_started(any_campus: Campus) -> None:
    async with any_campus.client() as client:
        ticket = await ask(any_campus, client)
        await send_form(ticket, DATA[:-1])
        refused = await begin(any_campus, client, ticket)
        assert refused.status_code == 409
        assert "Send it again" in refused.json()["detail"]
        await send_form(ticket)
        assert (await begin(any_campus, client, ticket)).status_code == 200


@pytest.mark.parametrize("field", ["key", "policy", "signature", "Content-Type"])
async def test_an_altered_form_is_refused(campus: Campus, field: str) -> None:
    async with campus.client() as client:
        ticket = await ask(campus, client)
        other = ticket["fields"][field][:-4] + "AAAA"
        answer = await send_form(ticket, altered={field: other})
    assert answer.status_code == 403
    assert not list((campus.data / "objects").rglob("*.mp4"))
    assert not list((campus.data / "uploads").glob("*.form"))


async def test_a_refusal_is_heard_by_who_is_still_sending(campus: Campus) -> None:
    """Far more than the kernel keeps in its buffers."""
    async with campus.client() as client:
        ticket = await ask(campus, client)
        answer = await send_form(ticket, DATA * 100, altered={"key": ticket["fields"]["key"] + "x"})
    assert answer.status_code == 403


async def test_an_altered_policy_is_refused_by_the_store(s3_campus: Campus) -> None:
    async with s3_campus.client() as client:
        ticket = await ask(s3_campus, client)
    signature = next(name for name in ticket["fields"] if name.lower().endswith("signature"))
    answer = await send_form(ticket, altered={signature: "0" * len(ticket["fields"][signature])})
    assert answer.status_code == 403


async def test_a_form_that_was_cut_leaves_nothing(campus: Campus) -> None:
    async with campus.client() as client:
        ticket = await ask(campus, client)
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
    await eventually(lambda: any(spool.glob("*.form")))
    writer.transport.abort()
    await eventually(lambda: not any(spool.glob("*.form")))
    assert not list((campus.data / "objects").rglob("*.mp4"))


async def test_a_used_form_takes_nothing_more(campus: Campus) -> None:
    """An original that is being encoded does not change under the encoder."""
    async with campus.client() as client:
        ticket = await ask(campus, client)
        await send_form(ticket)
        await begin(campus, client, ticket)
        assert (await send_form(ticket, os.urandom(len(DATA)))).status_code == 403
    assert (campus.data / "objects" / ticket["s3_key"]).read_bytes() == DATA


@pytest.mark.parametrize(("who", "status"), [("learner", 404), ("other", 404), ("administrator", 200)])
async def test_who_may_ask_for_a_form(campus: Campus, who: str, status: int) -> None:
    async with campus.client("teacher") as client:
        ticket = await ask(campus, client)
        await send_form(ticket)
    async with campus.client(who) as client:
        asked = await client.post(
            INIT, json={"lesson_id": campus.school.lesson_id, "filename": "x.mp4", "size": 10}
        )
        assert asked.status_code == status
        assert (await begin(campus, client, ticket)).status_code == status


async def test_another_lessons_object_is_not_started(campus: Campus) -> None:
    async with campus.client() as client:
        ticket = await ask(campus, client)
        await send_form(ticket)
        made = await client.post(f"/api/courses/{campus.school.course_id}/lessons", json={"title": "Heaps"})
        answer = await client.post(START, json={"lesson_id": made.json()["id"], "s3_key": ticket["s3_key"]})
    assert answer.status_code == 404


async def test_what_is_too_large_or_empty_is_refused_before_the_form(campus: Campus) -> None:
    async with campus.client() as client:
        for size, status in ((0, 400), (2**50, 413)):
            answer = await client.post(
                INIT, json={"lesson_id": campus.school.lesson_id, "filename": "x.mp4", "size": size}
            )
            assert answer.status_code == status
    async with campus.school.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Upload)) == 0
