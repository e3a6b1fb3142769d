"""What a learner finds on the first page: each course with where to start and how long it is."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from server.accounts.identity import Viewer
from server.library import courses, rules
from server.library.lessons import view
from server.library.schemas import CourseView, LessonView
from storage.database.engine import Database
from storage.database.tables import Lesson


class EnrolledCourse(msgspec.Struct, frozen=True):
    course: CourseView
    start: LessonView | None  # the first lesson that plays
    seconds: float  # of all lectures that play


async def of_learner(database: Database, viewer: Viewer) -> list[EnrolledCourse]:
    """Published courses that the viewer is enrolled in, by title."""
    mine = await courses.learning(database, viewer)
    lessons = await _playing(database, [course.id for course in mine])
    return [
        EnrolledCourse(
            course=course,
            start=next(iter(lessons[course.id]), None),
            seconds=sum(lesson.video_duration_seconds or 0.0 for lesson in lessons[course.id]),
        )
        for course in mine
    ]


async def _playing(database: Database, course_ids: Sequence[str]) -> dict[str, list[LessonView]]:
    """In order, by course; what learners see of each."""
    async with database.read() as session:
        rows = await session.scalars(
            select(Lesson)
            .where(
                Lesson.course_id.in_(course_ids),
                Lesson.status == rules.PUBLISHED,
                Lesson.video_id.is_not(None),
            )
            .order_by(Lesson.position, Lesson.id)
        )
        found: dict[str, list[LessonView]] = defaultdict(list)
        for row in rows:
            found[row.course_id].append(view(row, can_edit=False))
    return found
