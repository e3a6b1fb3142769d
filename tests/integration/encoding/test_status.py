"""Progress over HTTP and server-sent events, on a real server process."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from storage.database.tables import Lesson, User
from storage.states import RevisionState
from tests.fixtures.server_process import Campus

CONTRACT = {  # spec section 1
    "status",
    "progress",
    "job_id",
    "stage",
    "eta_seconds",
    "playable",
    "hls_url",
    "thumbnail_url",
    "duration_seconds",
    "variants",
    "error",
}


def status_url(campus: Campus) -> str:
    return f"/api/video/transcode/status/{campus.school.lesson_id}"


async def events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def begin_encoding(campus: Campus) -> str:
    return (await campus.world.video(campus.school.lesson_id, state=RevisionState.WAITING)).id


async def test_status_contains_contract_fields(campus: Campus) -> None:
    async with campus.client() as client:
        answer = await client.get(status_url(campus))
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json().keys() >= CONTRACT
        assert (answer.json()["status"], answer.json()["stage"]) == (None, "empty")
        job = await begin_encoding(campus)
        status = (await client.get(status_url(campus))).json()
    assert (status["status"], status["stage"], status["job_id"]) == ("processing", "waiting", job)


async def test_url_expiry_follows_the_played_revision(campus: Campus) -> None:
    """A three-hour video is played while a one-minute replacement is encoded."""
    older = await campus.world.video(campus.school.lesson_id, seconds=10_800)
    newer = await begin_encoding(campus)
    async with campus.client() as client:
        status = (await client.get(status_url(campus))).json()
    assert (status["job_id"], status["video_id"]) == (newer, older.id)
    token = status["hls_url"].split("/")[2]
    ends = int.from_bytes(base64.urlsafe_b64decode(token + "=")[:4])
    assert 9 * 3600 - 60 < ends - campus.world.now().timestamp() < 10 * 3600 + 60


async def test_events_send_state_and_every_change(campus: Campus) -> None:
    async with campus.client() as client, client.stream("GET", f"{status_url(campus)}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        stream = events(answer)
        first = await asyncio.wait_for(anext(stream), 10)
        assert first["words"]["headline"] == "No video yet"
        job = await begin_encoding(campus)
        second = await asyncio.wait_for(anext(stream), 10)
        assert (second["job_id"], second["words"]["headline"]) == (job, "Waiting for a free encoder")
        stopped = await client.post(
            "/api/video/transcode/cancel", json={"lesson_id": campus.school.lesson_id}
        )
        assert stopped.status_code == 200
        third = await asyncio.wait_for(anext(stream), 10)
        assert third["stage"] == "cancelled"
        async with campus.school.database.write() as session:
            await session.delete(await session.get_one(Lesson, campus.school.lesson_id))
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 10)


async def test_events_end_with_the_access(campus: Campus) -> None:
    """Otherwise an open stream would go on signing media addresses for a disabled person."""
    async with campus.client() as client, client.stream("GET", f"{status_url(campus)}/events") as answer:
        stream = events(answer)
        await asyncio.wait_for(anext(stream), 10)
        async with campus.school.database.write() as session:
            user = await session.get_one(User, campus.school.users["teacher"])
            user.disabled_at = campus.world.now()
        await begin_encoding(campus)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 10)


@pytest.mark.parametrize(("who", "status"), [("learner", 404), ("other", 404), ("administrator", 200)])
async def test_status_permissions_by_role(campus: Campus, who: str, status: int) -> None:
    async with campus.client(who) as client:
        assert (await client.get(status_url(campus))).status_code == status
        async with client.stream("GET", f"{status_url(campus)}/events") as answer:
            assert answer.status_code == status
        cancelled = await client.post(
            "/api/video/transcode/cancel", json={"lesson_id": campus.school.lesson_id}
        )
        assert cancelled.status_code == (404 if status == 404 else 409)
