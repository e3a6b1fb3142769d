"""Tables of an export: their columns, which are documented in the export's README, and their rows."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.operations.export.rules import Table, file_name, folder_name
from storage.database.base import Base
from storage.database.tables import (
    Course,
    CourseInstructor,
    Enrolment,
    LearningEvent,
    Lesson,
    LessonFile,
    LessonReading,
    LessonText,
    User,
    Video,
)
from storage.objects import keys
from storage.states import RevisionState

BATCH = 500  # rows in memory

EXPORTED: dict[type[Base], Table] = {
    User: Table(
        "people.jsonl",
        "Accounts.",
        {
            "id": "of the person",
            "email": "address that they sign in with",
            "name": "as others see it",
            "role": "learner, instructor or administrator",
            "created_at": "when the account was made",
            "disabled_at": "since when they cannot sign in; null: they can",
        },
    ),
    Course: Table(
        "courses.jsonl",
        "Courses.",
        {
            "id": "of the course",
            "title": "as learners see it",
            "description": "plain text",
            "status": "draft or published",
            "completion_threshold": "percent of a video that counts as watched",
            "created_by": "person; null when the account was deleted",
            "created_at": "when it was made",
            "updated_at": "when it was last changed",
        },
    ),
    CourseInstructor: Table(
        "instructors.jsonl", "Who teaches which course.", {"course_id": "course", "user_id": "person"}
    ),
    Enrolment: Table(
        "enrolments.jsonl",
        "Who learns in which course.",
        {
            "course_id": "course",
            "user_id": "person",
            "created_at": "when they were first enrolled",
            "ended_at": "when they left or were removed; null: enrolled",
        },
    ),
    LessonText: Table(
        "texts.jsonl",
        "Texts of text lessons.",
        {
            "lesson_id": "lesson",
            "markdown": "the text; it shows pictures by /files/ID/NAME, with the id of files.jsonl",
            "updated_at": "when it was last saved",
        },
    ),
    LessonFile: Table(
        "files.jsonl",
        "Pictures of texts and attachments of lessons. An export with media has them in the lesson's folder, "
        "in `files/`, under the last digits of their id and their name.",
        {
            "id": "of the file",
            "lesson_id": "lesson",
            "kind": "picture or attachment",
            "name": "of the file",
            "content_type": "media type",
            "size": "bytes",
            "sha256": "hex digest of its content",
            "position": "in its lesson, among those of its kind, from 0",
            "created_at": "when it was added",
        },
    ),
    LessonReading: Table(
        "readings.jsonl",
        "Who has opened which text lesson.",
        {
            "user_id": "person",
            "lesson_id": "lesson",
            "first_at": "first time",
            "last_at": "last time",
        },
    ),
    LearningEvent: Table(
        "facts.jsonl",
        "What learners did, a fact a line; it is never changed.",
        {
            "id": "of the fact",
            "at": "when",
            "local_day": "day of the institution that it counts for, as 2026-11-27",
            "kind": "what happened, as in enrolled or lesson_completed",
            "user_id": "the learner",
            "actor_id": "who did it; null: the system, or a deleted account",
            "course_id": "course; it may have been deleted",
            "lesson_id": "lesson; it may have been deleted",
            "subject": "what the fact is about: unique for a kind and a learner",
            "data": "further values of this kind, an object",
        },
    ),
}
LESSON_COLUMNS = {
    "id": "of the lesson",
    "course_id": "course",
    "title": "as learners see it",
    "description": "plain text",
    "position": "in its course, from 0",
    "kind": "video, text or quiz",
    "status": "draft or published",
    "created_at": "when it was made",
    "updated_at": "when it was last changed",
    "video_duration_seconds": "of its video",
    "reading_seconds": "of its text, estimated; null: no text",
}
LESSONS = Table(
    "lessons.jsonl",
    "Lessons of the courses.",
    {
        **LESSON_COLUMNS,
        "filename": "of the uploaded file; null: no video",
        "original_bytes": "size of the uploaded file",
        "folder": "of its media in this export; null: neither video nor files, or an export without media",
    },
)
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
