"""Figures of a course's learners as queries: one row a learner, aggregated by the database.

Each takes `user_ids` to count only a page of them; without, it counts everybody, for sorting and filters.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, exists, func, or_, select, union_all

from server.learning.learners.rules import LearnerStatus
from server.library import access
from storage.database.tables import (
    CourseInstructor,
    Enrolment,
    LearningEvent,
    Lesson,
    LessonReading,
    Quiz,
    QuizAttempt,
    User,
    WatchCoverage,
)
from storage.states import AttemptState, FactKind, PublicationStatus, Role

UserIds = Collection[str] | None
MILLION = (
    1_000_000  # points are compared without the error of binary fractions, as quizzes.rules.percent does
)

TEACHES = (User.role == Role.ADMINISTRATOR) | (
    (User.role == Role.INSTRUCTOR)
    & exists().where(
        CourseInstructor.course_id == Enrolment.course_id, CourseInstructor.user_id == Enrolment.user_id
    )
)  # `access.is_teaching` of a row of users and enrolments
COMPLETED = exists().where(
    LearningEvent.kind == FactKind.COURSE_COMPLETED,
    LearningEvent.user_id == Enrolment.user_id,
    LearningEvent.subject == Enrolment.course_id,
)


def learners(course_id: str) -> Select[str]:
    """Ids of everybody who is or was enrolled and does not teach the course."""
    return (
        select(User.id)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.course_id == course_id, ~TEACHES)
    )


def required(course_id: str) -> Select[str]:
    """Ids of the lessons that completion needs now, as in server.learning.completion."""
    return select(Lesson.id).where(
        Lesson.course_id == course_id, Lesson.status == PublicationStatus.PUBLISHED, access.AVAILABLE
    )


def quizzes(course_id: str) -> Select[str]:
    """Ids of the quizzes that learners of the course can attempt, in videos or as lessons."""
    return (
        select(Quiz.id)
        .join(Lesson, Lesson.id == Quiz.lesson_id)
        .where(
            Lesson.course_id == course_id, Lesson.status == PublicationStatus.PUBLISHED, Quiz.questions > 0
        )
    )


def done(course_id: str, user_ids: UserIds = None) -> Select[str, int]:
    """Completed lessons among the required ones: user_id, done."""
    wanted, subject = required(course_id), LearningEvent.subject
    query = select(LearningEvent.user_id, func.count().label("done")).where(
        LearningEvent.kind == FactKind.LESSON_COMPLETED,
        subject.in_(wanted) if user_ids is None else _each(wanted, Lesson.id == subject),
    )
    return _of(query, LearningEvent.user_id, user_ids).group_by(LearningEvent.user_id)


def last_seen(course_id: str, user_ids: UserIds = None) -> Select[str, datetime]:
    """Last sign of a learner in the course: user_id, at."""
    inside = select(Lesson.id).where(Lesson.course_id == course_id)
    watched = select(WatchCoverage.user_id, func.max(WatchCoverage.last_at).label("at")).where(
        WatchCoverage.lesson_id.in_(inside), ~WatchCoverage.staff
    )
    opened = select(LessonReading.user_id, func.max(LessonReading.last_at)).where(
        LessonReading.lesson_id.in_(inside)
    )
    latest = func.max(func.coalesce(QuizAttempt.submitted_at, QuizAttempt.opened_at))
    tried = (
        select(QuizAttempt.user_id, latest)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(Quiz.lesson_id.in_(inside), ~QuizAttempt.staff)
    )
    seen = union_all(
        _of(watched, WatchCoverage.user_id, user_ids).group_by(WatchCoverage.user_id),
        _of(opened, LessonReading.user_id, user_ids).group_by(LessonReading.user_id),
        _of(tried, QuizAttempt.user_id, user_ids).group_by(QuizAttempt.user_id),
    ).subquery()
    return select(seen.c.user_id, func.max(seen.c.at).label("at")).group_by(seen.c.user_id)


def best_scores(course_id: str, user_ids: UserIds = None) -> Select[str, str, int, int]:
    """Best graded attempt at each quiz: user_id, quiz_id, best (percent, rounded down), passed (0 or 1)."""
    percent = _millionths(QuizAttempt.points) * 100 // _millionths(QuizAttempt.max_points)
    query = select(
        QuizAttempt.user_id,
        QuizAttempt.quiz_id,
        func.max(percent).label("best"),
        func.max(case((QuizAttempt.passed.is_(True), 1), else_=0)).label("passed"),
    ).where(
        QuizAttempt.quiz_id.in_(quizzes(course_id)),
        QuizAttempt.state == AttemptState.SUBMITTED,
        QuizAttempt.max_points > 0,
        ~QuizAttempt.staff,
    )
    chosen = _of(query, QuizAttempt.user_id, user_ids)
    return chosen.group_by(QuizAttempt.user_id, QuizAttempt.quiz_id)


def scores(course_id: str, user_ids: UserIds = None) -> Select[str, int, int]:
    """Mean of the best scores, rounded down, and quizzes passed: user_id, score, passed."""
    best = best_scores(course_id, user_ids).subquery()
    mean = cast(func.sum(best.c.best), BigInteger) // func.count()
    passed = cast(func.sum(best.c.passed), BigInteger)
    return select(best.c.user_id, mean.label("score"), passed.label("passed")).group_by(best.c.user_id)


def begun(course_id: str) -> ColumnElement[bool]:
    """Whether a learner has watched, read, tried or completed anything of the course."""
    inside = select(Lesson.id).where(Lesson.course_id == course_id)
    of_quiz = select(Quiz.id).join(Lesson, Lesson.id == Quiz.lesson_id).where(Lesson.course_id == course_id)
    user_id = Enrolment.user_id
    return or_(
        exists().where(
            LearningEvent.kind == FactKind.LESSON_COMPLETED,
            LearningEvent.user_id == user_id,
            _each(inside, Lesson.id == LearningEvent.subject),
        ),
        exists().where(
            WatchCoverage.user_id == user_id,
            ~WatchCoverage.staff,
            _each(inside, Lesson.id == WatchCoverage.lesson_id),
        ),
        exists().where(LessonReading.user_id == user_id, _each(inside, Lesson.id == LessonReading.lesson_id)),
        exists().where(
            QuizAttempt.user_id == user_id, ~QuizAttempt.staff, _each(of_quiz, Quiz.id == QuizAttempt.quiz_id)
        ),
    )


def status(course_id: str) -> ColumnElement[str]:
    """`LearnerStatus` of a row of enrolments."""
    return case(
        (~access.LIVE, LearnerStatus.LEFT.value),
        (COMPLETED, LearnerStatus.COMPLETED.value),
        (begun(course_id), LearnerStatus.IN_PROGRESS.value),
        else_=LearnerStatus.NOT_STARTED.value,
    )


def _each(query: Select[str], match: ColumnElement[bool]) -> ColumnElement[bool]:
    """Look each row up in `query`. With few rows a person, IN would seek every lesson of the course."""
    return query.where(match).exists()


def _of(query: Select[*tuple[Any, ...]], column: Any, user_ids: UserIds) -> Select[*tuple[Any, ...]]:
    return query if user_ids is None else query.where(column.in_(user_ids))


def _millionths(points: Any) -> ColumnElement[int]:
    return cast(func.round(points * MILLION), BigInteger)
