"""Inspection of a ready lecture's objects: every byte is read and compared with what was stored."""

import asyncio
import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from server.core.errors import NotFound
from server.encoding.repair import rules
from server.encoding.repair.rules import Damaged, Expected, Fault
from server.playback.published import Published, published
from storage.database.tables import Course, Lesson, Video
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import ObjectMissing, ObjectStore, StoreError
from storage.states import OriginalState
from transcoder.jobs import originals
from transcoder.media import Digest

AT_ONCE = 4  # objects read


class Lecture(msgspec.Struct, frozen=True):
    """A revision, as far as it is published, with the names that people know it by."""

    video: Video
    known: Published | None
    digests: dict[str, Digest]
    title: str
    course: str
    original_removed: datetime | None  # by the age limit


class Inspection(msgspec.Struct, frozen=True):
    damaged: list[Damaged]
    objects: int
    hashed: int  # of them, compared by hash
    original: Fault | None  # None: it is there, or was removed on purpose
    original_there: bool


async def find(session: AsyncSession, given: str) -> Lecture:
    """Step: lecture of a video's or a lesson's id. Raises NotFound."""
    lesson = await session.get(Lesson, given)
    video = await session.get(
        Video, lesson.video_id if lesson and lesson.video_id else given, options=[undefer(Video.digests)]
    )
    if video is None:
        raise NotFound(N_("There is no video %(id)s, and no lesson of that id with a video."), id=given)
    names = await session.execute(
        select(Lesson.title, Course.title.label("course"))
        .join(Course, Course.id == Lesson.course_id)
        .where(Lesson.id == video.lesson_id)
    )
    title, course = names.one()
    removal = await originals.removal_of(session, video.id)
    removed = removal is not None and removal.state == OriginalState.REMOVED
    return Lecture(
        video=video,
        known=await published(session, video.id),
        digests=msgspec.convert(video.digests or {}, dict[str, Digest]),
        title=title,
        course=course,
        original_removed=removal.changed_at if removal and removed else None,
    )


async def inspect(store: ObjectStore, lecture: Lecture, known: Published) -> Inspection:
    """Faults of all objects. Raises StoreError while the store itself is away."""
    wanted = rules.expected(lecture.video.id, known.plan, known.chunks, known.audio, lecture.digests)
    if not known.ended:  # images are made at the end
        wanted = [one for one in wanted if one.part is not None]
    prefix = keys.video(lecture.video.id)
    sizes = {keys.path_in_video(item.key): item.size async for item in store.list(prefix)}
    limit = asyncio.Semaphore(AT_ONCE)

    async def look(one: Expected) -> Damaged | None:
        async with limit:
            return await _look(store, prefix, one, sizes.get(one.path))

    found = await asyncio.gather(*map(look, wanted))
    original = await _original(store, lecture)
    return Inspection(
        damaged=[one for one in found if one is not None],
        objects=len(wanted),
        hashed=sum(one.sha256 is not None for one in wanted),
        original=original if lecture.original_removed is None else None,
        original_there=original is None,
    )


async def _look(store: ObjectStore, prefix: str, one: Expected, size: int | None) -> Damaged | None:
    fault = rules.size_fault(one, size)
    if fault is None and size is not None:
        fault = await _content_fault(store, prefix + one.path, one.sha256)
    return Damaged(one, fault, size) if fault else None


async def _content_fault(store: ObjectStore, key: str, sha256: str | None) -> Fault | None:
    """Read all of it, also where no hash is known: a disk may hold a size and no bytes."""
    read = hashlib.sha256()
    try:
        async for piece in store.stream(key):
            read.update(piece)
    except ObjectMissing:
        return Fault.MISSING
    except (StoreError, OSError):
        await store.stat(key)  # raises when the whole store is away
        return Fault.UNREADABLE
    return Fault.ROTTEN if sha256 is not None and read.hexdigest() != sha256 else None


async def _original(store: ObjectStore, lecture: Lecture) -> Fault | None:
    info = await store.stat(lecture.video.source_key)
    if info is None:
        return Fault.MISSING
    return Fault.CUT if info.size < lecture.video.source_bytes else None
