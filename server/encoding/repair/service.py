"""Repair of a ready lecture: queued once, followed to its end, safe to repeat and while learners watch."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from server.core.clock import Clock
from server.encoding.repair import rules
from server.encoding.repair.inspection import Inspection, Lecture
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import Video
from storage.messages import N_, Message, message
from transcoder.jobs import api as jobs
from transcoder.jobs import mending

POLL_SECONDS = 0.5
GONE = N_(
    "Part of this lecture is damaged (%(times)s), and its original is gone. Learners still see the rest. "
    "Upload the file again."
)
GONE_IMAGE = N_(
    "An image of this lecture is damaged, and its original is gone. The lecture itself plays. "
    "Upload the file again to have the image back."
)


class Begun(StrEnum):
    QUEUED = "queued"
    UNDER_WAY = "under way"  # by an earlier call
    ORIGINAL_GONE = "original gone"
    NOT_POSSIBLE = "not possible"  # it is not ready, or another revision is shown


async def begin(opened: Services, lecture: Lecture, found: Inspection, now: datetime) -> Begun:
    """Use case: queue what is damaged. Without the original, only what can be made without it."""
    wanted = rules.wanted(found.damaged)
    if not found.original_there and wanted != (possible := rules.without_original(wanted)):
        await _note(opened.database, lecture.video.id, _told(found))
        if rules.is_nothing(possible):
            return Begun.ORIGINAL_GONE
        wanted = possible
    queued = await mending.begin(opened.database, lecture.video.id, wanted, now)
    if queued is None:
        return Begun.UNDER_WAY if await is_mending(opened.database, lecture.video.id) else Begun.NOT_POSSIBLE
    await jobs.wake(opened.queue, queued)
    return Begun.QUEUED


def _told(found: Inspection) -> Message:
    times = rules.times(found.damaged)
    return message(GONE, times=times) if times else Message(GONE_IMAGE)


async def _note(database: Database, video_id: str, told: Message | None) -> None:
    async with database.write() as session:
        await mending.note_damage(session, video_id, told)


async def settle(database: Database, lecture: Lecture) -> None:
    """Use case: a lecture that was found whole is no longer told to be damaged."""
    if lecture.video.damage is not None:
        await _note(database, lecture.video.id, None)


async def is_mending(database: Database, video_id: str) -> bool:
    async with database.read() as session:
        return await session.scalar(select(Video.mending).where(Video.id == video_id)) is not None


async def follow(
    database: Database, video_id: str, clock: Clock, show: Callable[[str], None]
) -> Message | None:
    """Wait until it is mended; the reason when it failed. `show` is told each part that is done."""
    shown: set[tuple[str, int]] = set()
    began = clock.now()
    while await is_mending(database, video_id):
        async with database.read() as session:
            done = await mending.finished(session, video_id, began)
        for kind, number in sorted(done - shown):
            show("The audio" if kind == "audio" else f"Part {number + 1}")
        shown |= done
        await asyncio.sleep(POLL_SECONDS)
    async with database.read() as session:
        video = await session.get(Video, video_id)
    return video.damage if video else message(N_("The lecture was deleted meanwhile."))
