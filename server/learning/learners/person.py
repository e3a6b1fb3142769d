"""One learner of a course: what they did in each of its published lessons."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.learning.completion import completed_lessons
from server.learning.learners import figures, listing, rules
from server.learning.learners.schemas import LessonOfLearner, OneLearner
from server.library import access
from server.watching import rules as watching
from server.watching import spans
from storage.database.tables import Lesson, LessonReading, Quiz, QuizAttempt, WatchCoverage
from storage.messages import N_
from storage.states import PublicationStatus

NO_LEARNER = N_("This person is not a learner of this course.")


class Traces(msgspec.Struct, frozen=True):
    """What one learner left in the lessons of a course, by lesson id."""

    completed: set[str]
    coverage: Mapping[str, WatchCoverage]
    seen: Mapping[str, datetime]
    scores: Mapping[str, list[int]]  # percent: the best one of each quiz


async def one(session: AsyncSession, viewer: Viewer, course_id: str, user_id: str) -> OneLearner:
    """Step. Raises NotFound and Forbidden for those who do not teach the course, and NotFound for a person
    who never learned in it."""
    await access.course_for_teaching(session, viewer, course_id)
    found = await listing.rows(session, course_id, [user_id])
    if not found:
        raise NotFound(NO_LEARNER)
    published = select(Lesson).where(
        Lesson.course_id == course_id, Lesson.status == PublicationStatus.PUBLISHED
    )
    lessons = (await session.scalars(published.order_by(Lesson.position, Lesson.id))).all()
    traces = await _traces(session, course_id, user_id, lessons)
    shows_timeline = rules.shows_timeline(await listing.enrolled(session, course_id))
    return OneLearner(
        progress=found[0],
        lessons=[_lesson(lesson, traces, shows_timeline=shows_timeline) for lesson in lessons],
        shows_timeline=shows_timeline,
    )


def _lesson(lesson: Lesson, traces: Traces, *, shows_timeline: bool) -> LessonOfLearner:
    coverage = traces.coverage.get(lesson.id)
    covered = spans.from_json(coverage.spans) if coverage else ()
    duration = spans.tenths(lesson.video_duration_seconds or 0.0)
    return LessonOfLearner(
        lesson_id=lesson.id,
        title=lesson.title,
        kind=lesson.kind,
        state=rules.lesson_state(completed=lesson.id in traces.completed, seen=lesson.id in traces.seen),
        percent=watching.percent(covered, duration) if duration else None,
        score=rules.mean_percent(traces.scores.get(lesson.id, [])),
        last_seen=traces.seen.get(lesson.id),
        duration_seconds=lesson.video_duration_seconds,
        watched=rules.bar(covered, duration) if shows_timeline else (),
    )


async def _traces(session: AsyncSession, course_id: str, user_id: str, lessons: Sequence[Lesson]) -> Traces:
    lesson_ids = [lesson.id for lesson in lessons]
    coverage = {
        row.lesson_id: row
        for row in await session.scalars(
            select(WatchCoverage).where(
                WatchCoverage.user_id == user_id,
                WatchCoverage.lesson_id.in_(lesson_ids),
                ~WatchCoverage.staff,
            )
        )
    }
    moments = [(lesson_id, row.last_at) for lesson_id, row in coverage.items()]
    moments += await _opened(session, user_id, lesson_ids)
    moments += await _tried(session, user_id, lesson_ids)
    return Traces(
        completed=await completed_lessons(session, user_id, lesson_ids),
        coverage=coverage,
        seen=dict(sorted(moments, key=lambda moment: moment[1])),  # the last of each lesson
        scores=await _scores(session, course_id, user_id),
    )


async def _opened(
    session: AsyncSession, user_id: str, lesson_ids: Sequence[str]
) -> list[tuple[str, datetime]]:
    rows = await session.execute(
        select(LessonReading.lesson_id, LessonReading.last_at).where(
            LessonReading.user_id == user_id, LessonReading.lesson_id.in_(lesson_ids)
        )
    )
    return [(lesson_id, at) for lesson_id, at in rows]


async def _tried(
    session: AsyncSession, user_id: str, lesson_ids: Sequence[str]
) -> list[tuple[str, datetime]]:
    latest = func.max(func.coalesce(QuizAttempt.submitted_at, QuizAttempt.opened_at))
    rows = await session.execute(
        select(Quiz.lesson_id, latest)
        .join(QuizAttempt, QuizAttempt.quiz_id == Quiz.id)
        .where(QuizAttempt.user_id == user_id, Quiz.lesson_id.in_(lesson_ids), ~QuizAttempt.staff)
        .group_by(Quiz.lesson_id)
    )
    return [(lesson_id, at) for lesson_id, at in rows]


async def _scores(session: AsyncSession, course_id: str, user_id: str) -> dict[str, list[int]]:
    best = figures.best_scores(course_id, [user_id]).subquery()
    scores: dict[str, list[int]] = {}
    for lesson_id, percent in await session.execute(
        select(Quiz.lesson_id, best.c.best).join(best, best.c.quiz_id == Quiz.id)
    ):
        scores.setdefault(lesson_id, []).append(percent)
    return scores
