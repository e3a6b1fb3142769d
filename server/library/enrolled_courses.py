"""Enrolled courses of the dashboard: each with its first lesson that can be learned, and its length."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListOptions, ListPage, ListState
from server.library import access, courses
from server.library.lessons import view
from server.library.schemas import CourseView, LessonView
from storage.database.paging import count_rows
from storage.database.search import matches
from storage.database.tables import Course, Enrolment, Lesson
from storage.states import PublicationStatus

OPTIONS = ListOptions(sorts=("title", "newest"), page_size=24)  # tiles, in rows of two, three or four
_ORDERS: dict[str, tuple[Any, ...]] = {
    "title": courses.BY_TITLE,
    "newest": (Enrolment.created_at.desc(), *courses.BY_TITLE),
}


class EnrolledCourse(msgspec.Struct, frozen=True):
    course: CourseView
    start: LessonView | None  # first lesson that can be learned
    seconds: float  # total of the videos and the reading times


async def of_learner(session: AsyncSession, viewer: Viewer, state: ListState) -> ListPage[EnrolledCourse]:
    """Step: page of the published courses that the viewer is enrolled in."""
    everything = (
        select(Course.id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Enrolment.user_id == viewer.id, access.LIVE, Course.status == PublicationStatus.PUBLISHED)
    )
    query = everything.where(matches(Course.search_key, state.search))
    counts = {"": await count_rows(session, everything)}
    hits = await count_rows(session, query)
    state = OPTIONS.clamped(state, hits)
    page = query.order_by(*_ORDERS[state.sort]).offset(OPTIONS.offset(state)).limit(OPTIONS.page_size)
    ids = (await session.scalars(page)).all()
    items = await _with_start(session, await courses.views(session, ids, can_edit=False))
    return ListPage(OPTIONS, state, items, hits, counts)


async def _with_start(session: AsyncSession, enrolled: Sequence[CourseView]) -> list[EnrolledCourse]:
    lessons = await _available(session, [course.id for course in enrolled])
    return [
        EnrolledCourse(
            course=course,
            start=next(iter(lessons[course.id]), None),
            seconds=sum(lesson.seconds for lesson in lessons[course.id]),
        )
        for course in enrolled
    ]


async def _available(session: AsyncSession, course_ids: Sequence[str]) -> dict[str, list[LessonView]]:
    """Lessons that can be learned, as learners see them, in order, by course id."""
    rows = await session.scalars(
        select(Lesson)
        .where(
            Lesson.course_id.in_(course_ids),
            Lesson.status == PublicationStatus.PUBLISHED,
            access.AVAILABLE,
        )
        .order_by(Lesson.position, Lesson.id)
    )
    found: dict[str, list[LessonView]] = defaultdict(list)
    for row in rows:
        found[row.course_id].append(view(row, can_edit=False))
    return found
