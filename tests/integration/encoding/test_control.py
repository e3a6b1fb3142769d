"""Cancelling a lesson's video: what is on its way goes, what has ended stays."""

import pytest
from sqlalchemy import update

from server.core.errors import Conflict
from server.encoding import control
from storage.database.tables import Lesson, Video
from tests.fixtures.desk import DATA, NOW, Desk
from transcoder.jobs import api as jobs


async def first_revision(desk: Desk, state: str) -> Video:
    """With its original in the store."""
    key = f"originals/{desk.school.lesson_id}/first.mp4"
    await desk.context.store.put_bytes(key, DATA, "video/mp4")
    video = await jobs.submit(
        desk.context.database,
        desk.context.queue,
        lesson_id=desk.school.lesson_id,
        source_key=key,
        filename="first.mp4",
        source_bytes=len(DATA),
        now=NOW,
    )
    async with desk.context.database.write() as session:
        await session.execute(update(Video).where(Video.id == video.id).values(state=state))
        status = {"ready": "ready", "failed": "failed"}.get(state, "processing")
        (await session.get_one(Lesson, desk.school.lesson_id)).video_status = status
    return video


@pytest.mark.parametrize("state", ["failed", "ready"])
async def test_a_replacement_that_is_dropped_leaves_the_revision_before_it(desk: Desk, state: str) -> None:
    video, upload = await first_revision(desk, state), await desk.receive()
    told = await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, NOW)
    assert (told.job_id, told.status) == (video.id, state)
    assert (await desk.row(upload))[0] == "cancelled"
    (kept,) = await desk.videos()
    assert kept.state == state
    assert await desk.context.store.get_bytes(video.source_key) == DATA


async def test_what_is_encoded_goes_with_its_replacement(desk: Desk) -> None:
    video, upload = await first_revision(desk, "encoding"), await desk.receive()
    told = await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, NOW)
    assert (told.job_id, told.status) == (video.id, "failed")
    assert (await desk.row(upload))[0] == "cancelled"
    assert [video.state for video in await desk.videos()] == ["cancelled"]
    assert [item async for item in desk.context.store.list("")] == []


async def test_a_first_upload_that_is_dropped_leaves_nothing(desk: Desk) -> None:
    upload = await desk.receive()
    told = await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, NOW)
    assert (told.job_id, told.status) == (None, None)
    assert await desk.row(upload) == ("cancelled", None)
    with pytest.raises(Conflict, match="Nothing is being encoded"):
        await control.cancel(desk.context, desk.teacher, desk.school.lesson_id, NOW)
