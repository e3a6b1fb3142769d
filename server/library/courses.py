"""Course operations. Each call is one transaction and checks the viewer's permissions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import ColumnElement, false, func, null, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.audit.recording import Subject, record
from server.core.errors import Forbidden, NotFound
from server.core.lists import ListOptions, ListPage, ListState, counts_of
from server.core.text import versions
from server.library import access, removal, rules
from server.library.schemas import CoursePatch, CourseView, NewCourse
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.paging import by_code_point, count_by, count_rows
from storage.database.search import matches
from storage.database.tables import Course, CourseInstructor, Enrolment, Lesson
from storage.database.trouble import again
from storage.messages import N_
from storage.states import PublicationStatus
from storage.states.privacy import AuditAction, AuditSubject

TAUGHT = ListOptions(sorts=("title", "newest"), filter_name="status", filters=tuple(PublicationStatus))
BY_TITLE = (by_code_point(Course.search_key), by_code_point(Course.id))
_ORDERS: dict[str, tuple[Any, ...]] = {"title": BY_TITLE, "newest": (Course.created_at.desc(), *BY_TITLE)}


def taught_by(viewer: Viewer) -> ColumnElement[bool]:
    """Condition on courses; for administrators every course."""
    if viewer.is_administrator:
        return true()
    if not viewer.can_teach:
        return false()
    return Course.id.in_(select(CourseInstructor.course_id).where(CourseInstructor.user_id == viewer.id))


async def teaching(database: Database, viewer: Viewer) -> list[CourseView]:
    """Courses that the viewer teaches, by title; for administrators every course."""
    async with database.read() as session:
        return await _views(session, taught_by(viewer), can_edit=True)


async def taught(database: Database, viewer: Viewer, state: ListState) -> ListPage[CourseView]:
    """Page of the courses that the viewer teaches, of every status."""
    everything = select(Course.id).where(taught_by(viewer))
    query = everything.where(matches(Course.search_key, state.search))
    if state.filter:
        query = query.where(Course.status == state.filter)
    async with database.read() as session:
        counts = counts_of(TAUGHT, await count_by(session, Course.status, everything))
        hits = await count_rows(session, query)
        state = TAUGHT.clamped(state, hits)
        page = query.order_by(*_ORDERS[state.sort]).offset(TAUGHT.offset(state)).limit(TAUGHT.page_size)
        ids = (await session.scalars(page)).all()
        return ListPage(TAUGHT, state, await views(session, ids, can_edit=True), hits, counts)


async def learning(database: Database, viewer: Viewer) -> list[CourseView]:
    """Published courses that the viewer is enrolled in, by title."""
    enrolled = select(Enrolment.course_id).where(Enrolment.user_id == viewer.id, access.LIVE)
    async with database.read() as session:
        return await _views(
            session, (Course.status == PublicationStatus.PUBLISHED) & Course.id.in_(enrolled), can_edit=False
        )


async def get(database: Database, viewer: Viewer, course_id: str) -> CourseView:
    async with database.read() as session:
        return await shown(session, viewer, course_id)


async def shown(session: AsyncSession, viewer: Viewer, course_id: str) -> CourseView:
    """Step: the course as the viewer sees it. Raises NotFound."""
    can_edit = await access.is_teaching(session, viewer, course_id)
    seen = true() if can_edit else access.open_to(viewer, course_id)
    found = await _views(session, (Course.id == course_id) & seen, can_edit=can_edit)
    if not found:
        raise NotFound(access.NO_COURSE)
    return found[0]


async def create(database: Database, viewer: Viewer, new: NewCourse, now: datetime) -> CourseView:
    """New course with the viewer as its instructor."""
    if not viewer.can_teach:
        raise Forbidden(N_("Only instructors and administrators may make courses."))
    course = Course(
        id=new_id(),
        title=rules.clean_title(new.title),
        description=rules.clean_description(new.description),
        status=rules.clean_status(new.status),
        completion_threshold=rules.clean_threshold(new.completion_threshold),
        created_by=viewer.id,
        created_at=now,
        updated_at=now,
    )
    async with database.write() as session:
        session.add(course)
        await session.flush()
        session.add(CourseInstructor(course_id=course.id, user_id=viewer.id))
        await session.flush()
        return await _view(session, viewer, course.id)


async def edit(
    database: Database,
    viewer: Viewer,
    course_id: str,
    patch: CoursePatch,
    now: datetime,
    *,
    started: Mapping[str, str] = versions.NOT_STATED,
) -> CourseView:
    """Raises EditConflict when a text that differs was saved after `patch.version`; see `versions.save`."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        course = await lock_row(session, Course, course_id)
        if course is None:  # deleted since
            raise NotFound(access.NO_COURSE)
        versions.save(course, _values(patch), patch.version, started)
        if patch.status is not UNSET:
            course.status = rules.clean_status(patch.status)
        course.updated_at = now
        await session.flush()
        return await _view(session, viewer, course_id)


def _values(patch: CoursePatch) -> dict[str, str | int]:
    values: dict[str, str | int] = {}
    if patch.title is not UNSET:
        values["title"] = rules.clean_title(patch.title)
    if patch.description is not UNSET:
        values["description"] = rules.clean_description(patch.description)
    if patch.completion_threshold is not UNSET:
        values["completion_threshold"] = rules.clean_threshold(patch.completion_threshold)
    return values


@again
async def delete(database: Database, viewer: Viewer, course_id: str, now: datetime) -> None:
    """Deletes lessons, videos and enrolments, too; the files are scheduled for deletion."""
    async with database.write() as session:
        course = await access.course_for_teaching(session, viewer, course_id)
        lessons = await session.scalars(select(Lesson).where(Lesson.course_id == course_id))
        await removal.of_lessons(session, list(lessons), now)
        if viewer.is_administrator:
            about = Subject(AuditSubject.COURSE, course_id, course.title)
            await record(session, viewer.id, AuditAction.COURSE_DELETED, now, about=about)
        await session.delete(course)


async def _view(session: AsyncSession, viewer: Viewer, course_id: str) -> CourseView:
    can_edit = await access.is_teaching(session, viewer, course_id)
    return (await _views(session, Course.id == course_id, can_edit=can_edit))[0]


async def views(session: AsyncSession, course_ids: Sequence[str], *, can_edit: bool) -> list[CourseView]:
    """Step: these courses, in this order."""
    found = await _views(session, Course.id.in_(course_ids), can_edit=can_edit)
    by_id = {course.id: course for course in found}
    return [by_id[course_id] for course_id in course_ids if course_id in by_id]


async def _views(
    session: AsyncSession, condition: ColumnElement[bool], *, can_edit: bool
) -> list[CourseView]:
    visible: list[Any] = [] if can_edit else [Lesson.status == PublicationStatus.PUBLISHED]
    counted = select(func.count()).select_from(Lesson).where(Lesson.course_id == Course.id)
    lessons = counted.where(*visible).scalar_subquery()
    drafts = counted.where(Lesson.status == PublicationStatus.DRAFT).scalar_subquery()
    enrolled = (
        select(func.count()).select_from(Enrolment).where(Enrolment.course_id == Course.id, access.LIVE)
    )
    # Counted for those who may see it only: there may be thousands.
    learners = enrolled.scalar_subquery() if can_edit else null()
    rows = await session.execute(
        select(Course, lessons, drafts, learners).where(condition).order_by(*BY_TITLE)
    )
    return [
        CourseView(
            id=course.id,
            title=course.title,
            description=course.description,
            status=course.status,
            completion_threshold=course.completion_threshold,
            created_at=course.created_at,
            updated_at=course.updated_at,
            lessons=lesson_count,
            drafts=draft_count if can_edit else None,
            learners=learner_count,
            can_edit=can_edit,
            version=course.version,
        )
        for course, lesson_count, draft_count, learner_count in rows
    ]
