"""tus 1.0 by clauses, on a real server process."""

import base64
import hashlib
import os

import pytest
from sqlalchemy import select, update

from storage.database.tables import Lesson, Upload, Video
from storage.states import UploadState
from tests.fixtures.server_process import Campus
from tests.fixtures.tus import TUS, send
from tests.world.clock import START

DATA = os.urandom(300_000)


async def test_capabilities_need_no_account(campus: Campus) -> None:
    async with campus.client() as client:
        answer = await client.options(TUS, headers={"Authorization": ""})
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "expiration",
        "termination",
        "checksum",
    }
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(answer.headers["tus-max-size"]) == 50 * 10**9


async def test_file_in_three_parts_becomes_revision_without_queue(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
        for start in range(0, len(DATA), 100_000):
            looked = await client.head(location)
            assert looked.headers["upload-offset"] == str(start)
            assert looked.headers["upload-length"] == str(len(DATA))
            assert looked.headers["cache-control"] == "no-store"
            answer = await send(client, location, start, DATA[start : start + 100_000])
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(start + 100_000))
        looked = await client.head(location)
        assert looked.headers["upload-offset"] == str(len(DATA))
        again = await client.head(location)
        assert again.status_code == 200
    async with campus.school.database.read() as session:
        upload = (await session.scalars(select(Upload))).one()
        video = (await session.scalars(select(Video))).one()
        lesson = (await session.scalars(select(Lesson))).one()
    assert (upload.state, video.source_key, video.source_bytes) == ("stored", upload.s3_key, len(DATA))
    assert (lesson.video_status, lesson.video_original_url) == ("processing", upload.s3_key)
    assert (campus.data / "objects" / upload.s3_key).read_bytes() == DATA
    assert not campus.spool_file(location).exists()


async def test_creation_with_upload(campus: Campus) -> None:
    async with campus.client() as client:
        answer = await client.post(
            TUS,
            content=DATA[:1000],
            headers={
                "Upload-Length": str(len(DATA)),
                "Upload-Metadata": campus.metadata(),
                "Content-Type": "application/offset+octet-stream",
            },
        )
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, "1000")
        rest = await send(client, answer.headers["location"], 1000, DATA[1000:])
    assert rest.headers["upload-offset"] == str(len(DATA))


async def test_protocol_errors(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, 1000)
        wrong_offset = await send(client, location, 5, b"x")
        assert wrong_offset.status_code == 409
        assert wrong_offset.headers["tus-resumable"] == "1.0.0"
        assert "byte 0" in wrong_offset.json()["detail"]
        assert (await send(client, location, 0, b"x" * 1001)).status_code == 413
        wrong_type = await client.patch(location, content=b"x", headers={"Upload-Offset": "0"})
        assert wrong_type.status_code == 415
        assert (await send(client, location, 0, b"x", Tus_Resumable="0.2.2")).status_code == 412
        no_length = await client.post(TUS, headers={"Upload-Metadata": campus.metadata()})
        assert no_length.status_code == 400
        empty = await client.post(TUS, headers={"Upload-Length": "0", "Upload-Metadata": campus.metadata()})
        assert "empty" in empty.json()["detail"]
        large = {"Upload-Length": str(51 * 10**9), "Upload-Metadata": campus.metadata()}
        assert (await client.post(TUS, headers=large)).status_code == 413
        assert (await client.head(f"{TUS}/nothing")).status_code == 404
        assert (await client.head(location)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_checksum(campus: Campus, algorithm: str) -> None:
    right = base64.b64encode(hashlib.new(algorithm, DATA[:1000]).digest()).decode()
    wrong = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
    async with campus.client() as client:
        location = await campus.create(client, len(DATA))
        refused = await send(client, location, 0, DATA[:1000], Upload_Checksum=f"{algorithm} {wrong}")
        assert refused.status_code == 460
        assert (await client.head(location)).headers["upload-offset"] == "0"
        taken = await send(client, location, 0, DATA[:1000], Upload_Checksum=f"{algorithm} {right}")
        assert (taken.status_code, taken.headers["upload-offset"]) == (204, "1000")
        unknown = await send(client, location, 1000, b"x", Upload_Checksum="md5 AAAA")
        assert unknown.status_code == 400


async def test_termination_and_expiration(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, 1000)
        assert (await client.delete(location)).status_code == 204
        assert not campus.spool_file(location).exists()
        assert (await client.head(location)).status_code == 410
        assert (await send(client, location, 0, b"x")).status_code == 410

        location = await campus.create(client, 1000)
        assert (await client.head(location)).headers["upload-expires"].endswith("GMT")
        async with campus.school.database.write() as session:
            await session.execute(
                update(Upload).where(Upload.state == UploadState.OPEN).values(state=UploadState.EXPIRED)
            )
        assert (await client.head(location)).status_code == 410
    async with campus.school.database.read() as session:
        created = await session.scalar(select(Upload.created_at).order_by(Upload.created_at.desc()))
    assert created is not None
    assert created > START


async def test_method_override(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, 4)
        answer = await client.post(
            location,
            content=b"ab",
            headers={
                "X-HTTP-Method-Override": "PATCH",
                "Upload-Offset": "0",
                "Content-Type": "application/offset+octet-stream",
            },
        )
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, "2")


@pytest.mark.parametrize(("who", "status"), [("learner", 404), ("other", 404), ("administrator", 201)])
async def test_upload_permissions_by_role(campus: Campus, who: str, status: int) -> None:
    async with campus.client("teacher") as client:
        location = await campus.create(client, 1000)
    async with campus.client(who) as client:
        created = await client.post(
            TUS, headers={"Upload-Length": "10", "Upload-Metadata": campus.metadata()}
        )
        assert created.status_code == status
        looked = await client.head(location)
        assert looked.status_code == (404 if status == 404 else 200)
        sent = await send(client, location, 0, b"x")
        assert sent.status_code == (404 if status == 404 else 204)
