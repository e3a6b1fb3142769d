"""Enrolled courses of the dashboard: each with its first playable lesson and its length."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListPage, ListState
from server.library import course_lists
from server.library.lessons import view
from server.library.schemas import CourseView, LessonView
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.states import PublicationStatus


class EnrolledCourse(msgspec.Struct, frozen=True):
    course: CourseView
    start: LessonView | None  # first playable lesson
    seconds: float  # total of the playable lessons


async def of_learner(database: Database, viewer: Viewer, state: ListState) -> ListPage[EnrolledCourse]:
    """Page of the published courses that the viewer is enrolled in."""
    async with database.read() as session:
        page = await course_lists.enrolled(session, viewer, state)
        lessons = await _playable(session, [course.id for course in page.items])
    items = [
        EnrolledCourse(
            course=course,
            start=next(iter(lessons[course.id]), None),
            seconds=sum(lesson.video_duration_seconds or 0.0 for lesson in lessons[course.id]),
        )
        for course in page.items
    ]
    return ListPage(page.options, page.state, items, page.hits, page.counts)


async def _playable(session: AsyncSession, course_ids: Sequence[str]) -> dict[str, list[LessonView]]:
    """Playable lessons as learners see them, in order, by course id."""
    rows = await session.scalars(
        select(Lesson)
        .where(
            Lesson.course_id.in_(course_ids),
            Lesson.status == PublicationStatus.PUBLISHED,
            Lesson.video_id.is_not(None),
        )
        .order_by(Lesson.position, Lesson.id)
    )
    found: dict[str, list[LessonView]] = defaultdict(list)
    for row in rows:
        found[row.course_id].append(view(row, can_edit=False))
    return found
