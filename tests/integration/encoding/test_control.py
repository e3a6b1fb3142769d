"""Cancelling a lesson's video: active uploads and revisions are cancelled, ended ones stay."""

import pytest
from sqlalchemy import update

from server.core.errors import Conflict
from server.encoding import control
from storage.database.tables import Lesson, Video
from storage.states import VideoStatus
from tests.fixtures.desk import DATA, Desk
from tests.world.clock import START
from transcoder.jobs import api as jobs


async def first_revision(desk: Desk, state: str) -> Video:
    """Revision in this state, with its original in the store."""
    key = f"originals/{desk.school.lesson_id}/first.mp4"
    await desk.context.store.put_bytes(key, DATA, "video/mp4")
    video = await jobs.submit(
        desk.context.database,
        desk.context.queue,
        lesson_id=desk.school.lesson_id,
        source_key=key,
        filename="first.mp4",
        source_bytes=len(DATA),
        now=START,
    )
    async with desk.context.database.write() as session:
        await session.execute(update(Video).where(Video.id == video.id).values(state=state))
        ended = state in ("ready", "failed")
        status = VideoStatus(state) if ended else VideoStatus.PROCESSING
        (await session.get_one(Lesson, desk.school.lesson_id)).video_status = status
    return video


@pytest.mark.parametrize("state", ["failed", "ready"])
async def test_cancelled_replacement_keeps_previous_revision(desk: Desk, state: str) -> None:
    video, upload = await first_revision(desk, state), await desk.receive()
    started = await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, START)
    assert (started.job_id, started.status) == (video.id, state)
    assert (await desk.row(upload))[0] == "cancelled"
    (kept,) = await desk.videos()
    assert kept.state == state
    assert await desk.context.store.get_bytes(video.source_key) == DATA


async def test_cancelling_replacement_also_cancels_revision_in_encoding(desk: Desk) -> None:
    video, upload = await first_revision(desk, "encoding"), await desk.receive()
    started = await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, START)
    assert (started.job_id, started.status) == (video.id, "failed")
    assert (await desk.row(upload))[0] == "cancelled"
    assert [video.state for video in await desk.videos()] == ["cancelled"]
    assert [item async for item in desk.context.store.list("")] == []


async def test_cancelled_first_upload_leaves_nothing(desk: Desk) -> None:
    upload = await desk.receive()
    started = await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, START)
    assert (started.job_id, started.status) == (None, None)
    assert await desk.row(upload) == ("cancelled", None)
    with pytest.raises(Conflict, match="Nothing is being encoded"):
        await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, START)
