"""Completion of lessons and courses: facts, published once and never taken back (spec section 8)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict
from server.core.events import Event, about_lesson, publish
from server.learning import rules
from server.learning.rules import Missing
from server.library.access import AVAILABLE, is_teaching, lesson_for_learning
from server.watching import spans
from server.watching.coverage import verified
from server.watching.heartbeats.recording import Watched
from server.watching.heartbeats.rows import CoverageRow
from storage.database.among import among
from storage.database.engine import Database
from storage.database.tables import Course, LearningEvent, Lesson, WatchCoverage
from storage.messages import N_, Message, duration, exact, message
from storage.states import FactKind, LessonKind, PublicationStatus

NOT_A_VIDEO = N_("This lesson has no video that could be watched.")
BY_QUIZ = N_("This lesson is completed by passing its quiz.")
NO_TEXT = N_("This lesson has no text to read yet.")
STAFF = N_("You teach this course; only learners complete its lessons.")
AND = N_("%(first)s and %(second)s")
COMMA = N_("%(first)s, %(second)s")

REQUIRED = and_(Lesson.status == PublicationStatus.PUBLISHED, AVAILABLE)  # condition of lessons that count


class CourseProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's progress through a course, computed from what is required now."""

    done: int
    required: int  # published lessons that are there to be learned
    percent: int
    completed: bool  # once completed, a course stays so

    @property
    def new(self) -> int:
        """Lessons that were added after the course was completed."""
        return self.required - self.done if self.completed else 0


async def on_watched(session: AsyncSession, watched: Watched) -> bool:
    """Handler of heartbeats: complete the lesson once enough of it is covered. True when it was by this."""
    lesson, coverage = watched.lesson, watched.coverage
    length = spans.tenths(lesson.video_duration_seconds or 0.0)
    if coverage.covered < rules.needed(length, watched.threshold):
        return False
    if await completed_lessons(session, watched.user_id, [lesson.id]):
        return False
    left = await missing_of(session, lesson, coverage, watched.threshold)
    course = await session.get_one(Course, lesson.course_id)
    return not left.seconds and await _complete(session, watched.user_id, lesson, course, watched.at)


async def missing_of(
    session: AsyncSession, lesson: Lesson, coverage: WatchCoverage | CoverageRow | None, threshold: int
) -> Missing:
    """Step: what a learner still has to watch. Only what was delivered to them counts."""
    length = spans.tenths(lesson.video_duration_seconds or 0.0)
    if coverage is None:
        return rules.missing((), length, threshold)
    covered = await verified(session, lesson, coverage.user_id, spans.from_json(coverage.spans))
    return rules.missing(covered, length, threshold)


async def complete(database: Database, viewer: Viewer, lesson_id: str, now: datetime) -> bool:
    """Use case: complete a lesson at the learner's request; whether the course is completed, too. Idempotent.
    Raises Conflict with what is missing."""
    async with database.write() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        if await is_teaching(session, viewer, lesson.course_id):
            raise Conflict(STAFF)
        course = await session.get_one(Course, lesson.course_id)
        if not await completed_lessons(session, viewer.id, [lesson.id]):
            await _require_learned(session, viewer, lesson, course)
            await _complete(session, viewer.id, lesson, course, now)
        done = await completed_courses(session, viewer.id, [course.id])
    return bool(done)


async def _require_learned(session: AsyncSession, viewer: Viewer, lesson: Lesson, course: Course) -> None:
    """Raises Conflict with what is missing. That a text was read, only its reader can say."""
    if lesson.kind == LessonKind.TEXT:
        if lesson.reading_seconds is None:
            raise Conflict(NO_TEXT)
        return
    if lesson.kind == LessonKind.QUIZ:
        raise Conflict(BY_QUIZ)
    if lesson.kind != LessonKind.VIDEO or not lesson.video_duration_seconds:
        raise Conflict(NOT_A_VIDEO)
    coverage = await session.get(WatchCoverage, (viewer.id, lesson.id))
    left = await missing_of(session, lesson, coverage, course.completion_threshold)
    if left.seconds:
        raise Conflict(missing_sentence(left))


def missing_sentence(left: Missing) -> Message:
    """As in "4 min 10 s still to watch, at 12:30 and 31:05"."""
    places: Message | None = None
    starts = [message(N_("%(moment)s"), moment=duration(start)) for start, _ in left.gaps]
    for number, start in enumerate(starts):
        joined = AND if number == len(starts) - 1 else COMMA
        places = start if places is None else message(joined, first=places, second=start)
    told = exact(left.seconds)
    if places is None:
        return message(N_("%(time)s still to watch."), time=told)
    return message(N_("%(time)s still to watch, at %(places)s."), time=told, places=places)


async def _complete(
    session: AsyncSession, user_id: str, lesson: Lesson, course: Course, now: datetime
) -> bool:
    fact = about_lesson(FactKind.LESSON_COMPLETED, user_id, lesson, now, data={"version": course.version})
    return await publish(session, fact)


async def on_quiz_passed(session: AsyncSession, fact: LearningEvent) -> None:
    """Handler: complete a lesson that is a quiz. A quiz in a video completes nothing."""
    lesson = await session.get(Lesson, fact.lesson_id) if fact.lesson_id else None
    if lesson is not None and lesson.kind == LessonKind.QUIZ:
        course = await session.get_one(Course, lesson.course_id)
        await _complete(session, fact.user_id, lesson, course, fact.at)


async def on_lesson_completed(session: AsyncSession, fact: LearningEvent) -> None:
    """Handler: the course is halfway with half of its lessons, completed by the last."""
    course = await session.get(Course, fact.course_id) if fact.course_id else None
    if course is not None:
        await complete_course_if_done(session, fact.user_id, course, fact.at)


def course_started(fact: LearningEvent) -> Event | None:
    """Follower of a lesson that is started or completed: its course is begun, once."""
    if not fact.course_id:
        return None
    return milestone(FactKind.COURSE_STARTED, fact.user_id, fact.course_id, fact.at)


def milestone(kind: FactKind, user_id: str, course_id: str, at: datetime) -> Event:
    """How far a learner got in a course: it stays whatever is required later."""
    return Event(kind=kind, user_id=user_id, subject=course_id, at=at, course_id=course_id)


async def complete_course_if_done(session: AsyncSession, user_id: str, course: Course, at: datetime) -> bool:
    """Step: complete a course whose required lessons are all completed. True when it was by this."""
    progress = (await course_progress(session, user_id, [course.id]))[course.id]
    if rules.is_halfway(progress.done, progress.required):
        await publish(session, milestone(FactKind.COURSE_HALFWAY, user_id, course.id, at))
    if not progress.required or progress.done < progress.required:
        return False
    return await publish(
        session,
        Event(
            kind=FactKind.COURSE_COMPLETED,
            user_id=user_id,
            subject=course.id,
            at=at,
            course_id=course.id,
            data={"version": course.version, "lessons": progress.required},
        ),
    )


async def completed_lessons(session: AsyncSession, user_id: str, lesson_ids: Collection[str]) -> set[str]:
    """Step: which of the lessons the person has completed."""
    return await _subjects(session, FactKind.LESSON_COMPLETED, user_id, lesson_ids)


async def completed_courses(session: AsyncSession, user_id: str, course_ids: Collection[str]) -> set[str]:
    """Step: which of the courses the person has completed."""
    return await _subjects(session, FactKind.COURSE_COMPLETED, user_id, course_ids)


async def _subjects(
    session: AsyncSession, kind: FactKind, user_id: str, subjects: Collection[str]
) -> set[str]:
    found = await session.scalars(
        select(LearningEvent.subject).where(
            LearningEvent.kind == kind,
            LearningEvent.user_id == user_id,
            among(session, LearningEvent.subject, subjects),
        )
    )
    return set(found)


async def course_progress(
    session: AsyncSession, user_id: str, course_ids: Sequence[str]
) -> Mapping[str, CourseProgress]:
    """Step: progress through each of the courses."""
    lessons = select(Lesson.id, Lesson.course_id).where(Lesson.course_id.in_(course_ids), REQUIRED).subquery()
    done = (
        select(LearningEvent.subject)
        .where(LearningEvent.kind == FactKind.LESSON_COMPLETED, LearningEvent.user_id == user_id)
        .subquery()
    )
    rows = await session.execute(
        select(lessons.c.course_id, func.count(), func.count(done.c.subject))
        .outerjoin(done, done.c.subject == lessons.c.id)
        .group_by(lessons.c.course_id)
    )
    counts = {course_id: (finished, required) for course_id, required, finished in rows}
    completed = await completed_courses(session, user_id, course_ids)
    return {
        course_id: _progress(*counts.get(course_id, (0, 0)), completed=course_id in completed)
        for course_id in course_ids
    }


async def progress_by_lessons(
    session: AsyncSession, user_id: str, course_id: str, required: Sequence[bool]
) -> CourseProgress:
    """Step: `course_progress` of a course of which is known whether each required lesson is completed."""
    completed = await completed_courses(session, user_id, [course_id])
    return _progress(sum(required), len(required), completed=bool(completed))


def _progress(done: int, required: int, *, completed: bool) -> CourseProgress:
    return CourseProgress(
        done=done, required=required, percent=rules.percent(done, required), completed=completed
    )
