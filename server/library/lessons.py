"""Lessons and their order. Each call is one transaction and checks the viewer's permissions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import Boolean, false, func, literal, null, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.audit.recording import Subject, record
from server.core.errors import NotFound
from server.core.text import versions
from server.library import access, courses, removal, rules
from server.library.schemas import CourseView, LessonPatch, LessonView, NewLesson
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Course, Lesson, Video
from storage.database.trouble import again
from storage.messages import Message
from storage.states import PublicationStatus, VideoStatus
from storage.states.privacy import AuditAction, AuditSubject

ORDER = (Lesson.position, Lesson.id)


async def of_course(database: Database, viewer: Viewer, course_id: str) -> list[LessonView]:
    async with database.read() as session:
        return await shown(session, await courses.shown(session, viewer, course_id))


async def shown(session: AsyncSession, course: CourseView) -> list[LessonView]:
    """Step: lessons in order of a course as its viewer was shown it: all for its instructors, the published
    ones for learners."""
    query = select(*_fields(can_edit=course.can_edit)).where(Lesson.course_id == course.id)
    if not course.can_edit:
        query = query.where(Lesson.status == PublicationStatus.PUBLISHED)
    return [LessonView(*row) for row in await session.execute(query.order_by(*ORDER))]


def following(found: Sequence[LessonView], lesson_id: str) -> LessonView | None:
    """The lesson after this one; None after the last, or when it is not among them."""
    ids = [one.id for one in found]
    place = ids.index(lesson_id) + 1 if lesson_id in ids else len(ids)
    return found[place] if place < len(ids) else None


async def get(database: Database, viewer: Viewer, lesson_id: str) -> LessonView:
    async with database.read() as session:
        lesson = await access.lesson_for_learning(session, viewer, lesson_id)
        can_edit = await access.is_teaching(session, viewer, lesson.course_id)
    return view(lesson, can_edit=can_edit)


async def failures(session: AsyncSession, shown: Sequence[LessonView]) -> dict[str, Message]:
    """Step: error message by lesson id, for lessons whose newest video failed."""
    failed = {
        lesson.transcoding_job_id: lesson.id for lesson in shown if lesson.video_status == VideoStatus.FAILED
    }
    rows = (await session.execute(select(Video.id, Video.error).where(Video.id.in_(failed)))).all()
    return {failed[video_id]: error for video_id, error in rows if error}


async def create(
    database: Database, viewer: Viewer, course_id: str, new: NewLesson, now: datetime
) -> LessonView:
    """New lesson at the end of the course."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        await _lock_course(session, course_id)
        count = await session.scalar(select(func.count()).where(Lesson.course_id == course_id)) or 0
        lesson = Lesson(
            id=new_id(),
            course_id=course_id,
            title=rules.clean_title(new.title),
            description=rules.clean_description(new.description),
            kind=rules.clean_kind(new.kind),
            status=rules.clean_status(new.status),
            position=count,
            transcoding_progress=0,
            created_at=now,
            updated_at=now,
        )
        session.add(lesson)
    return view(lesson, can_edit=True)


async def edit(
    database: Database,
    viewer: Viewer,
    lesson_id: str,
    patch: LessonPatch,
    now: datetime,
    *,
    started: Mapping[str, str] = versions.NOT_STATED,
) -> LessonView:
    """Raises EditConflict when a text that differs was saved after `patch.version`; see `versions.save`."""
    async with database.write() as session:
        found = await access.lesson_for_teaching(session, viewer, lesson_id)
        if patch.position is not UNSET:
            await _lock_course(session, found.course_id)  # before its lessons, as everywhere
        lesson = await lock_row(session, Lesson, lesson_id)
        if lesson is None:  # deleted since
            raise NotFound(access.NO_LESSON)
        versions.save(lesson, _texts(patch), patch.version, started)
        if patch.status is not UNSET:
            lesson.status = rules.clean_status(patch.status)
        lesson.updated_at = now
        if patch.position is not UNSET:
            await _move(session, lesson, patch.position)
    return view(lesson, can_edit=True)


def _texts(patch: LessonPatch) -> dict[str, str | int]:
    texts: dict[str, str | int] = {}
    if patch.title is not UNSET:
        texts["title"] = rules.clean_title(patch.title)
    if patch.description is not UNSET:
        texts["description"] = rules.clean_description(patch.description)
    return texts


async def move(database: Database, viewer: Viewer, lesson_id: str, steps: int) -> None:
    """Move down the list by `steps`, up when negative; clamped to the ends."""
    async with database.write() as session:
        lesson = await access.lesson_for_teaching(session, viewer, lesson_id)
        await _move(session, lesson, lesson.position + steps)


async def put_in_order(database: Database, viewer: Viewer, course_id: str, lesson_ids: Sequence[str]) -> None:
    """Raises Invalid unless every lesson of the course is named once."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        await _lock_course(session, course_id)
        rows = await _in_order(session, course_id)
        _renumber(rows, rules.reordered([row.id for row in rows], lesson_ids))


@again
async def delete(database: Database, viewer: Viewer, lesson_id: str, now: datetime) -> None:
    """Deletes videos, uploads, texts and attachments, too; the files are scheduled for deletion."""
    async with database.write() as session:
        lesson = await access.lesson_for_teaching(session, viewer, lesson_id)
        course_id = lesson.course_id
        await _lock_course(session, course_id)
        await removal.of_lessons(session, [lesson], now)
        if viewer.is_administrator:
            about = Subject(AuditSubject.LESSON, lesson_id, lesson.title)
            await record(session, viewer.id, AuditAction.LESSON_DELETED, now, about=about)
        await session.flush()
        rows = await _in_order(session, course_id)
        _renumber(rows, [row.id for row in rows])


def _fields(*, can_edit: bool) -> list[Any]:
    """The fields of `view` as expressions, in their order: where a course has hundreds of lessons, mapped
    objects would take most of the page's time."""
    expressions = {
        "can_edit": literal(can_edit),
        "available": func.coalesce(type_coerce(access.AVAILABLE, Boolean), false()),
        "playable": Lesson.video_id.is_not(None),
        "video_original_url": Lesson.video_original_url if can_edit else null(),
    }
    return [
        expressions[name] if name in expressions else getattr(Lesson, name)
        for name in LessonView.__struct_fields__
    ]


def view(lesson: Lesson, *, can_edit: bool) -> LessonView:
    return LessonView(
        id=lesson.id,
        course_id=lesson.course_id,
        title=lesson.title,
        description=lesson.description,
        position=lesson.position,
        kind=lesson.kind,
        status=lesson.status,
        created_at=lesson.created_at,
        updated_at=lesson.updated_at,
        can_edit=can_edit,
        available=access.is_available(lesson),
        playable=lesson.video_id is not None,
        video_id=lesson.video_id,
        reading_seconds=lesson.reading_seconds,
        video_status=lesson.video_status,
        video_original_url=lesson.video_original_url if can_edit else None,
        video_hls_url=lesson.video_hls_url,
        video_thumbnail_url=lesson.video_thumbnail_url,
        video_duration_seconds=lesson.video_duration_seconds,
        video_quality_variants=lesson.video_quality_variants,
        transcoding_job_id=lesson.transcoding_job_id,
        transcoding_progress=lesson.transcoding_progress,
        version=lesson.version,
    )


async def _move(session: AsyncSession, lesson: Lesson, to: int) -> None:
    await _lock_course(session, lesson.course_id)
    rows = await _in_order(session, lesson.course_id)
    _renumber(rows, rules.moved([row.id for row in rows], lesson.id, to))


async def _lock_course(session: AsyncSession, course_id: str) -> None:
    """Row lock: one change of order at a time. SQLite has one writer anyway and ignores it."""
    await session.execute(select(Course.id).where(Course.id == course_id).with_for_update())


async def _in_order(session: AsyncSession, course_id: str) -> list[Lesson]:
    rows = await session.scalars(select(Lesson).where(Lesson.course_id == course_id).order_by(*ORDER))
    return list(rows)


def _renumber(rows: Sequence[Lesson], ids: Sequence[str]) -> None:
    positions = {lesson_id: position for position, lesson_id in enumerate(ids)}
    for row in rows:
        row.position = positions[row.id]
