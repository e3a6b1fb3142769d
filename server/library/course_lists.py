"""Lists of courses: those that a person teaches, and the ids of those that they are enrolled in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListOptions, ListPage, ListState, counts_of
from server.library import access, courses
from server.library.schemas import CourseView
from storage.database.engine import Database
from storage.database.paging import by_code_point, count_by, count_rows
from storage.database.search import matches
from storage.database.tables import Course, Enrolment
from storage.states import PublicationStatus

TAUGHT = ListOptions(sorts=("title", "newest"), filter_name="status", filters=tuple(PublicationStatus))
ENROLLED = ListOptions(sorts=("title", "newest"), page_size=24)  # tiles, in rows of two, three or four

_BY_TITLE = (by_code_point(Course.search_key), by_code_point(Course.id))
_TAUGHT_ORDERS: dict[str, tuple[Any, ...]] = {
    "title": _BY_TITLE,
    "newest": (Course.created_at.desc(), *_BY_TITLE),
}
_ENROLLED_ORDERS: dict[str, tuple[Any, ...]] = {
    "title": _BY_TITLE,
    "newest": (Enrolment.created_at.desc(), *_BY_TITLE),
}


async def taught(database: Database, viewer: Viewer, state: ListState) -> ListPage[CourseView]:
    """Courses that the viewer teaches; for administrators every course."""
    everything = select(Course.id).where(courses.taught_by(viewer))
    query = everything.where(matches(Course.search_key, state.search))
    if state.filter:
        query = query.where(Course.status == state.filter)
    async with database.read() as session:
        counts = counts_of(TAUGHT, await count_by(session, Course.status, everything))
        ids, state, hits = await _page_of(session, query, TAUGHT, state, _TAUGHT_ORDERS)
        return ListPage(TAUGHT, state, await courses.views(session, ids, can_edit=True), hits, counts)


async def enrolled(session: AsyncSession, viewer: Viewer, state: ListState) -> ListPage[CourseView]:
    """Step: published courses that the viewer is enrolled in."""
    everything = (
        select(Course.id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Enrolment.user_id == viewer.id, access.LIVE, Course.status == PublicationStatus.PUBLISHED)
    )
    query = everything.where(matches(Course.search_key, state.search))
    counts = {"": await count_rows(session, everything)}
    ids, state, hits = await _page_of(session, query, ENROLLED, state, _ENROLLED_ORDERS)
    return ListPage(ENROLLED, state, await courses.views(session, ids, can_edit=False), hits, counts)


async def _page_of(
    session: AsyncSession,
    query: Select[str],
    options: ListOptions,
    state: ListState,
    orders: dict[str, tuple[Any, ...]],
) -> tuple[Sequence[str], ListState, int]:
    """Ids of the page, the state with an existing page, and the number of hits."""
    hits = await count_rows(session, query)
    state = options.clamped(state, hits)
    page = query.order_by(*orders[state.sort]).offset(options.offset(state)).limit(options.page_size)
    return (await session.scalars(page)).all(), state, hits
