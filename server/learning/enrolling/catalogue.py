"""Catalogue: published courses that everybody who is signed in may enrol in."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListOptions, ListPage, ListState
from server.library import access, courses
from server.library.schemas import CourseView
from storage.database.paging import by_code_point, count_rows
from storage.database.search import matches
from storage.database.tables import Course, CourseInstructor, Enrolment, User

OPTIONS = ListOptions(sorts=("title", "newest"), page_size=24)  # tiles, in rows of two, three or four
_ORDERS: dict[str, tuple[Any, ...]] = {
    "title": courses.BY_TITLE,
    "newest": (Course.created_at.desc(), *courses.BY_TITLE),
}


class OpenCourse(msgspec.Struct, frozen=True):
    course: CourseView
    teachers: list[str]  # names
    enrolled: bool
    teaches: bool


async def listed(session: AsyncSession, viewer: Viewer, state: ListState) -> ListPage[OpenCourse]:
    """Step: page of the open courses, also of those that the viewer is enrolled in."""
    everything = select(Course.id).where(access.OPEN)
    query = everything.where(matches(Course.search_key, state.search))
    counts = {"": await count_rows(session, everything)}
    hits = await count_rows(session, query)
    state = OPTIONS.clamped(state, hits)
    page = query.order_by(*_ORDERS[state.sort]).offset(OPTIONS.offset(state)).limit(OPTIONS.page_size)
    ids = (await session.scalars(page)).all()
    teachers = await _teachers(session, ids)
    enrolled = set(
        await session.scalars(
            select(Enrolment.course_id).where(
                Enrolment.user_id == viewer.id, Enrolment.course_id.in_(ids), access.LIVE
            )
        )
    )
    taught = set(
        await session.scalars(select(Course.id).where(Course.id.in_(ids), courses.taught_by(viewer)))
    )
    items = [
        OpenCourse(course, teachers[course.id], course.id in enrolled, course.id in taught)
        for course in await courses.views(session, ids, can_edit=False)
    ]
    return ListPage(OPTIONS, state, items, hits, counts)


async def _teachers(session: AsyncSession, course_ids: Sequence[str]) -> dict[str, list[str]]:
    rows = await session.execute(
        select(CourseInstructor.course_id, User.name)
        .join(User, User.id == CourseInstructor.user_id)
        .where(CourseInstructor.course_id.in_(course_ids))
        .order_by(by_code_point(User.search_key), by_code_point(User.email))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for course_id, name in rows:
        found[course_id].append(name)
    return found
