"""Tables of an export, and their rows."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.operations.export.columns import LESSON_COLUMNS, LESSONS, LIBRARY
from server.operations.export.game_columns import GAME
from server.operations.export.learning_columns import LEARNING
from server.operations.export.payment_columns import PAYMENTS
from server.operations.export.rules import file_name, folder_name
from storage.database.base import Base
from storage.database.tables import Course, Lesson, LessonFile, Video
from storage.objects import keys
from storage.states import RevisionState

BATCH = 500  # rows in memory

EXPORTED = LIBRARY | LEARNING | GAME | PAYMENTS
TABLES = (*EXPORTED.values(), LESSONS)


class LessonMedia(msgspec.Struct, frozen=True):
    """Where a lesson's media are, and where they go."""

    folder: str  # in the export
    video_id: str | None
    source_key: str | None
    ready: bool
    files: tuple[tuple[str, str, int], ...] = ()  # of each picture and attachment: key, name here, bytes


async def rows(session: AsyncSession, model: type[Base]) -> AsyncIterator[dict[str, Any]]:
    """Rows of one of EXPORTED, in the order of their keys."""
    columns = [getattr(model, name) for name in EXPORTED[model].columns]
    found = await session.stream(
        select(*columns).order_by(*model.__table__.primary_key).execution_options(yield_per=BATCH)
    )
    async for row in found:
        yield _plain(dict(zip(EXPORTED[model].columns, row, strict=True)))


async def lessons(
    session: AsyncSession, *, with_media: bool
) -> AsyncIterator[tuple[dict[str, Any], LessonMedia | None]]:
    """Lessons with the revision that learners see, or else the newest one, and their files."""
    beside = await _files(session) if with_media else {}
    columns = [getattr(Lesson, name) for name in LESSON_COLUMNS]
    revision = (Video.id, Video.source_key, Video.state, Video.filename, Video.source_bytes)
    found = await session.stream(
        select(*columns, Course.title, *revision)
        .join(Course, Course.id == Lesson.course_id)
        .outerjoin(
            Video,
            (Video.id == func.coalesce(Lesson.video_id, Lesson.transcoding_job_id))
            & (Video.state != RevisionState.CANCELLED),
        )
        .order_by(Lesson.course_id, Lesson.position, Lesson.id)
        .execution_options(yield_per=BATCH)
    )
    async for row in found:
        lesson = dict(zip(LESSON_COLUMNS, row, strict=False))
        course, video_id, source_key, state, filename, size = row[len(LESSON_COLUMNS) :]
        media = None
        if with_media and (video_id or lesson["id"] in beside):
            outer = folder_name(course, lesson["course_id"])
            inner = folder_name(lesson["title"], lesson["id"], lesson["position"])
            ready = state == RevisionState.READY
            there = tuple(beside.get(lesson["id"], ()))
            media = LessonMedia(f"media/{outer}/{inner}", video_id, source_key, ready, there)
        shown = {"filename": filename, "original_bytes": size, "folder": media.folder if media else None}
        yield _plain(lesson | shown), media


async def _files(session: AsyncSession) -> dict[str, list[tuple[str, str, int]]]:
    """Keys, names and sizes of pictures and attachments, by lesson."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    columns = (LessonFile.lesson_id, LessonFile.id, LessonFile.name, LessonFile.size)
    for lesson_id, file_id, name, size in await session.execute(select(*columns).order_by(LessonFile.id)):
        found[lesson_id].append((keys.lesson_file(lesson_id, file_id), file_name(name, file_id), size))
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
