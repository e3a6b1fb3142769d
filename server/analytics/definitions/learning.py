"""Definitions of what learners do, each a query of rows (day, course_id, value) from facts."""

from typing import Any

from sqlalchemy import Select, String, cast, literal, select

from server.analytics.definitions.metric import Rows
from server.analytics.definitions.scope import Scope, on_days
from server.analytics.rules import Range
from storage.database.tables import LearningEvent, WatchDay
from storage.states import FactKind


def enrolments_new(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.ENROLLED, scope, days)


def enrolments_left(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.LEFT, scope, days)


def enrolments_started(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.COURSE_STARTED, scope, days)


def enrolments_halfway(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.COURSE_HALFWAY, scope, days)


def enrolments_completed(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.COURSE_COMPLETED, scope, days)


def lessons_completed(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.LESSON_COMPLETED, scope, days)


def quizzes_submitted(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.QUIZ_SUBMITTED, scope, days)


def quizzes_passed(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.QUIZ_PASSED, scope, days)


def reviews_posted(scope: Scope, days: Range) -> Rows:
    return _facts(FactKind.REVIEW_POSTED, scope, days)


def watch_seconds(scope: Scope, days: Range) -> Rows:
    row = WatchDay
    return select(row.day.label("day"), row.course_id.label("course_id"), row.seconds.label("value")).where(
        on_days(row.day, days), *scope.courses(row.course_id), *scope.people(row.user_id)
    )


def _facts(kind: FactKind, scope: Scope, days: Range) -> Select[str, str | None, int]:
    fact = LearningEvent
    # Not the plain column: facts of everybody on these days would be looked through for those of a team.
    own: Any = cast(fact.kind, String) if scope.team_id else fact.kind
    return select(
        fact.local_day.label("day"), fact.course_id.label("course_id"), literal(1).label("value")
    ).where(
        own == kind.value,
        on_days(fact.local_day, days),
        *scope.courses(fact.course_id),
        *scope.people(fact.user_id),
    )
