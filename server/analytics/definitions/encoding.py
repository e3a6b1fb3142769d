"""Definitions of uploads, encoding and storage."""

from typing import Any

from sqlalchemy import Select, String, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.metric import Rows
from server.analytics.definitions.scope import Scope, on_days
from server.analytics.rules import Range
from storage.database.tables import EncodingEvent, Lesson, LessonFile, OriginalRemoval, Video
from storage.states import EncodingKind, OriginalState


def uploads(scope: Scope, days: Range) -> Rows:
    return _events(EncodingKind.SUBMITTED, scope, days)


def encodes_succeeded(scope: Scope, days: Range) -> Rows:
    return _events(EncodingKind.READY, scope, days)


def encodes_failed(scope: Scope, days: Range) -> Rows:
    return _events(EncodingKind.FAILED, scope, days)


def encoded_seconds(scope: Scope, days: Range) -> Rows:
    return _events(EncodingKind.READY, scope, days, EncodingEvent.seconds)


async def storage_bytes(session: AsyncSession, scope: Scope) -> int:
    """Originals that are kept, segments of ready videos, and files of lessons; posters are not measured."""
    removed = exists().where(
        OriginalRemoval.video_id == Video.id, OriginalRemoval.state == OriginalState.REMOVED
    )
    # With a filter not the plain column: all events would be looked through for those of some courses.
    kind: Any = cast(EncodingEvent.kind, String) if scope.has_courses else EncodingEvent.kind
    parts = (
        _sum(Video.source_bytes, scope).join(Video, Video.lesson_id == Lesson.id).where(~removed),
        _sum(EncodingEvent.bytes, scope)
        .join(Video, Video.lesson_id == Lesson.id)
        .join(EncodingEvent, EncodingEvent.video_id == Video.id)
        .where(kind == EncodingKind.READY.value),
        _sum(LessonFile.size, scope).join(LessonFile, LessonFile.lesson_id == Lesson.id),
    )
    return sum([int(await session.scalar(part) or 0) for part in parts])


def _sum(column: Any, scope: Scope) -> Select[Any]:
    return select(func.sum(column)).select_from(Lesson).where(*scope.courses(Lesson.course_id))


def _events(kind: EncodingKind, scope: Scope, days: Range, value: Any = None) -> Rows:
    row = EncodingEvent
    worth = literal(1) if value is None else value
    return select(row.day.label("day"), row.course_id.label("course_id"), worth.label("value")).where(
        row.kind == kind, on_days(row.day, days), *scope.courses(row.course_id)
    )
