"""A learner's progress for lists and cards, and where to go on."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.learning.completion import completed_lessons
from server.library import access
from server.library.lessons import view
from server.library.schemas import LessonView
from server.watching.coverage import progress_of
from storage.database.tables import Course, Enrolment, Lesson, LessonReading, WatchCoverage
from storage.states import PublicationStatus

MOST_COURSES = 3  # that are offered to go on with


class LessonProgress(msgspec.Struct, frozen=True, kw_only=True):
    percent: int = 0  # of the video that was watched
    completed: bool = False
    resume_seconds: float = 0.0


class GoOn(msgspec.Struct, frozen=True, kw_only=True):
    """Where a learner goes on in one course: the lesson visited last, or the next one to do."""

    course_id: str
    course_title: str
    lesson: LessonView
    progress: LessonProgress


async def lesson_progress(
    session: AsyncSession, viewer: Viewer, lesson_ids: Collection[str]
) -> dict[str, LessonProgress]:
    """Step: progress of every lesson."""
    watched = await progress_of(session, viewer, lesson_ids)
    done = await completed_lessons(session, viewer.id, lesson_ids)
    return {
        lesson_id: LessonProgress(
            percent=watched[lesson_id].percent if lesson_id in watched else 0,
            completed=lesson_id in done,
            resume_seconds=watched[lesson_id].resume_seconds if lesson_id in watched else 0.0,
        )
        for lesson_id in lesson_ids
    }


async def go_on(session: AsyncSession, viewer: Viewer, most: int = MOST_COURSES) -> list[GoOn]:
    """Step: the courses visited last, each with its lesson to go on with; those without one are left out."""
    visits = _visits(viewer)
    last = func.max(visits.c.last_at)
    courses = (
        await session.execute(
            select(Course, last)
            .join(Lesson, Lesson.course_id == Course.id)
            .join(visits, visits.c.lesson_id == Lesson.id)
            .join(Enrolment, Enrolment.course_id == Course.id)
            .where(
                Enrolment.user_id == viewer.id,
                Course.status == PublicationStatus.PUBLISHED,
                access.LIVE,
            )
            .group_by(Course.id)
            .order_by(last.desc(), Course.id)
            .limit(most)
        )
    ).all()
    found = [await _in_course(session, viewer, course) for course, _ in courses]
    return [one for one in found if one is not None]


async def _in_course(session: AsyncSession, viewer: Viewer, course: Course) -> GoOn | None:
    lessons = (
        await session.scalars(
            select(Lesson)
            .where(
                Lesson.course_id == course.id,
                Lesson.status == PublicationStatus.PUBLISHED,
                access.AVAILABLE,
            )
            .order_by(Lesson.position, Lesson.id)
        )
    ).all()
    progress = await lesson_progress(session, viewer, [lesson.id for lesson in lessons])
    chosen = _chosen(lessons, progress, await _visited_last(session, viewer, lessons))
    if chosen is None:
        return None
    return GoOn(
        course_id=course.id,
        course_title=course.title,
        lesson=view(chosen, can_edit=False),
        progress=progress[chosen.id],
    )


def _visits(viewer: Viewer) -> Subquery:
    """When the viewer last watched or opened each lesson."""
    watched = select(WatchCoverage.lesson_id, WatchCoverage.last_at).where(WatchCoverage.user_id == viewer.id)
    opened = select(LessonReading.lesson_id, LessonReading.last_at).where(LessonReading.user_id == viewer.id)
    return watched.union_all(opened).subquery()


async def _visited_last(session: AsyncSession, viewer: Viewer, lessons: Sequence[Lesson]) -> str | None:
    visits = _visits(viewer)
    found: str | None = await session.scalar(
        select(visits.c.lesson_id)
        .where(visits.c.lesson_id.in_([lesson.id for lesson in lessons]))
        .order_by(visits.c.last_at.desc())
        .limit(1)
    )
    return found


def _chosen(
    lessons: Sequence[Lesson], progress: dict[str, LessonProgress], last: str | None
) -> Lesson | None:
    """The lesson visited last unless it is done; then the next open one after it, or else before it."""
    place = next((number for number, lesson in enumerate(lessons) if lesson.id == last), 0)
    in_turn = [*lessons[place:], *lessons[:place]]
    return next((lesson for lesson in in_turn if not progress[lesson.id].completed), None)
