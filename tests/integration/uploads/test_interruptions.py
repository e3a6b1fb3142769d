"""Interrupted uploads: broken connections, killed servers, two writers, no space. Fault 17 of the list."""

import asyncio
import hashlib
import os
import signal

import pytest
from sqlalchemy import select

from storage.database.tables import Lesson, Upload, Video
from storage.states import UploadState
from tests.fixtures.server_process import Campus
from tests.fixtures.tus import TUS, send, zeros
from tests.fixtures.waiting import wait_until

DATA = os.urandom(3_000_000)


async def send_then_cut(campus: Campus, location: str, announced: int, data: bytes) -> None:
    """PATCH whose connection is aborted after `data`, which is less than it announced."""
    _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {campus.school.tokens['teacher']}\r\n"
        "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {announced}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.transport.abort()


async def arrived(campus: Campus, location: str, at_least: int) -> int:
    """Offset of the upload, once it is at or above `at_least`."""
    async with campus.client() as client:
        for _ in range(100):
            answer = await client.head(location)
            if int(answer.headers["upload-offset"]) >= at_least:
                return int(answer.headers["upload-offset"])
            await asyncio.sleep(0.05)
    raise AssertionError(f"only {answer.headers['upload-offset']} bytes arrived")


async def stored_sha256(campus: Campus) -> str:
    async with campus.school.database.read() as session:
        upload = (await session.scalars(select(Upload).where(Upload.state == UploadState.STORED))).one()
    return hashlib.sha256((campus.data / "objects" / upload.s3_key).read_bytes()).hexdigest()


def patch_head(campus: Campus, location: str) -> bytes:
    """Head of a PATCH request that announces all of DATA, for tests that send less of it."""
    return (
        f"PATCH {location} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {campus.school.tokens['teacher']}\r\n"
        "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {len(DATA)}\r\n\r\n"
    ).encode()


@pytest.mark.faults
async def test_upload_cut_at_99_percent_resumes_with_same_hash(campus: Campus) -> None:
    sent = len(DATA) * 99 // 100
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
        await send_then_cut(campus, location, len(DATA), DATA[:sent])
        offset = await arrived(campus, location, sent)
        assert offset == sent
        answer = await send(client, location, offset, DATA[offset:])
    assert answer.status_code == 204
    assert await stored_sha256(campus) == hashlib.sha256(DATA).hexdigest()


@pytest.mark.faults
async def test_upload_resumes_after_server_was_killed(campus: Campus) -> None:
    most = 5 * len(DATA) // 6  # the last part of it may not be on the disk yet
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
        _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
        writer.write(patch_head(campus, location) + DATA[:most])
        await writer.drain()
        await wait_until(lambda: campus.spool_file(location).stat().st_size >= 2**20)
        await campus.server.kill()
        writer.close()
    kept = campus.spool_file(location).stat().st_size
    await campus.server.start()
    async with campus.client() as client:
        looked = await client.head(location)
        assert looked.headers["upload-offset"] == str(kept)
        answer = await send(client, location, kept, DATA[kept:])
    assert answer.status_code == 204
    assert await stored_sha256(campus) == hashlib.sha256(DATA).hexdigest()


@pytest.mark.faults
async def test_next_head_request_completes_upload_of_killed_server(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
    await campus.server.kill()
    campus.spool_file(location).write_bytes(DATA)  # every byte was received, nothing was done after it
    await campus.server.start()
    async with campus.client() as client:
        assert (await client.head(location)).headers["upload-offset"] == str(len(DATA))
    async with campus.school.database.read() as session:
        assert (await session.scalars(select(Video))).one().source_bytes == len(DATA)
    assert await stored_sha256(campus) == hashlib.sha256(DATA).hexdigest()


async def test_second_concurrent_writer_is_refused(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
        _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
        writer.write(patch_head(campus, location) + b"x")
        await writer.drain()
        await asyncio.sleep(0.3)
        assert (await send(client, location, 0, DATA)).status_code == 423
        writer.transport.abort()
        assert await arrived(campus, location, 1) == 1


async def test_insufficient_space_is_refused_before_the_first_byte(campus: Campus) -> None:
    await campus.server.kill()
    campus.server.environment["SKILLSTUDIO_MAX_UPLOAD_BYTES"] = str(2**60)
    await campus.server.start()
    async with campus.client() as client:
        answer = await client.post(
            TUS, headers={"Upload-Length": str(2**59), "Upload-Metadata": campus.metadata()}
        )
    assert answer.status_code == 507
    assert "room for" in answer.json()["detail"]
    async with campus.school.database.read() as session:
        assert (await session.scalars(select(Upload))).all() == []
        assert (await session.scalars(select(Lesson.video_status))).one() is None


@pytest.mark.faults
async def test_300_mb_upload_in_constant_memory(campus: Campus) -> None:
    mib, size = 2**20, 300 * 2**20
    async with campus.client() as client:
        warm = await campus.create(client, 2 * mib)
        await send(client, warm, 0, bytes(mib))
        location = await campus.create(client, size)
        sending = send(client, location, 0, zeros(300), Content_Length=str(size))
        answer, growth = await campus.server.growth_during(sending)
    assert answer.status_code == 204
    assert growth < 50 * mib


@pytest.mark.faults
async def test_server_stops_in_time_during_upload_and_event_stream(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
        url = f"/api/video/transcode/status/{campus.school.lesson_id}/events"
        async with client.stream("GET", url) as listening:
            assert listening.status_code == 200
            _, writer = await asyncio.open_connection("127.0.0.1", campus.server.port)
            writer.write(
                f"PATCH {location} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {campus.school.tokens['teacher']}\r\n"
                "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                "Content-Type: application/offset+octet-stream\r\nContent-Length: 3000000\r\n\r\nabc".encode()
            )
            await writer.drain()
            await asyncio.sleep(0.3)
            process = campus.server.process
            assert process is not None
            process.send_signal(signal.SIGTERM)
            await campus.server.ended(15)
            writer.close()
    assert campus.spool_file(location).read_bytes() == b"abc"
