"""The other lectures: each plays a copy of one of the sample recordings, with objects of its own.

A copy depends on nothing: deleting or replacing the lecture that it was made from leaves it alone.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

import msgspec
from sqlalchemy import inspect, select
from sqlalchemy.orm import undefer

from server.demo.catalogue.lessons import LessonPlan, courses
from server.demo.ids import ident, random_for
from server.demo.recordings.encoding import sample_lessons
from server.demo.year.terms import DAYS, Calendar
from server.services import Services
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Lesson, Video
from storage.objects import keys
from storage.objects.store import ObjectStore
from storage.states import LessonKind
from transcoder.planning.plan import Plan

CONTENT_TYPES = {".jpg": "image/jpeg", ".vtt": "text/vtt"}
MADE_WITHIN = 0.98  # share of the year in which the lectures were uploaded, most at its beginning
ENCODED_IN = timedelta(seconds=95)
COPIED = (
    "video_duration_seconds",
    "video_quality_variants",
    "video_status",
    "transcoding_progress",
)  # of the lesson


class Sample(msgspec.Struct):
    """A sample recording with the bytes of its objects, by their names below the video's prefix."""

    lesson: Lesson
    video: Video
    original: bytes
    objects: dict[str, bytes]


async def share(services: Services, calendar: Calendar, told: Callable[[int, int], None]) -> None:
    """Use case: give every other lecture its copy. One that is there already is left alone."""
    samples = [await _sample(services, lesson_id) for lesson_id in sample_lessons()]
    lectures = [one for plan in courses() for one in plan.lessons if one.kind == LessonKind.VIDEO][
        len(samples) :
    ]
    for number, lecture in enumerate(lectures):
        await _copy(services, samples[lecture.sample or 0], lecture, _uploaded(lecture, calendar))
        told(number + 1, len(lectures))


def _uploaded(lecture: LessonPlan, calendar: Calendar) -> datetime:
    """Most in the weeks before the year and at the beginning of its terms."""
    draw = random_for("uploaded", lecture.id)
    day = calendar.begin + timedelta(days=draw.triangular(1, DAYS * MADE_WITHIN, 4))
    return day.replace(hour=draw.randint(7, 17), minute=draw.randint(0, 59))


async def _sample(services: Services, lesson_id: str) -> Sample:
    async with services.database.read() as session:
        lesson = await session.get_one(Lesson, lesson_id)
        video = await session.get_one(Video, lesson.video_id, options=[undefer("*")])
    prefix = keys.video(video.id)
    names = [item.key async for item in services.store.list(prefix)]
    objects = {name.removeprefix(prefix): await services.store.get_bytes(name) for name in names}
    return Sample(lesson, video, await services.store.get_bytes(video.source_key), objects)


async def _copy(services: Services, sample: Sample, lecture: LessonPlan, at: datetime) -> None:
    """Objects first, then the rows that name them, so that a run that is killed leaves no broken player."""
    video_id = ident("video", lecture.id)
    async with services.database.read() as session:
        if await session.scalar(select(Video.id).where(Video.id == video_id)):
            return
    source_key = keys.original(lecture.id, video_id, sample.video.filename)
    await services.store.put_bytes(source_key, sample.original, "video/mp4")
    await _put(services.store, keys.video(video_id), sample.objects)
    await _publish(services.database, sample, lecture, video_id, source_key, at)


async def _put(store: ObjectStore, prefix: str, objects: dict[str, bytes]) -> None:
    for name, content in objects.items():
        media_type = CONTENT_TYPES.get(PurePosixPath(name).suffix, "video/mp4")
        await store.put_bytes(prefix + name, content, media_type)


async def _publish(
    database: Database, sample: Sample, lecture: LessonPlan, video_id: str, source_key: str, at: datetime
) -> None:
    own = sample.video
    values: dict[str, Any] = {
        **{column.key: getattr(own, column.key) for column in inspect(Video).column_attrs},
        **{"id": video_id, "lesson_id": lecture.id, "source_key": source_key, "submitted_by": None},
        **{"created_at": at, "started_at": at, "playable_at": at, "finished_at": at + ENCODED_IN},
    }
    async with database.write() as session:
        if not await insert_new(session, Video, **values):
            return
        lesson = await session.get_one(Lesson, lecture.id)
        for name in COPIED:
            setattr(lesson, name, getattr(sample.lesson, name))
        for name in ("video_hls_url", "video_thumbnail_url"):
            address = getattr(sample.lesson, name)
            setattr(lesson, name, address and address.replace(own.id, video_id))
        lesson.video_id = lesson.transcoding_job_id = video_id
        lesson.video_original_url = source_key


async def lengths(database: Database) -> dict[str, int]:
    """Use case: length of each lecture in tenths of a second."""
    async with database.read() as session:
        found = select(Lesson.id, Lesson.video_duration_seconds).where(Lesson.video_id.is_not(None))
        return {
            lesson_id: round(10 * (seconds or 0.0)) for lesson_id, seconds in await session.execute(found)
        }


async def segments(database: Database) -> dict[str, tuple[str, float]]:
    """Use case: video of each lecture, and the seconds of its segments."""
    async with database.read() as session:
        rows = await session.execute(
            select(Lesson.id, Video.id, Video.plan).join(Video, Video.id == Lesson.video_id)
        )
        return {lesson_id: (video_id, _segment_seconds(plan)) for lesson_id, video_id, plan in rows}


def _segment_seconds(plan: Any) -> float:
    return msgspec.convert(plan, Plan).segment_seconds
