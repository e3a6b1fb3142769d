"""Definitions of people and of enrolments that there are: distinct people are never added up."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    cast,
    exists,
    func,
    literal,
    select,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.definitions.metric import Rows
from server.analytics.definitions.scope import Scope, on_days
from server.analytics.rules import MONTH_DAYS, WEEK_DAYS, Range, trailing
from server.library.access import LIVE
from server.watching.rules import VIEW_SECONDS
from storage.database.tables import ActivityDay, Enrolment, LearningEvent, Review, User, WatchDay
from storage.states import FactKind, ReviewState, Role

ACTIVE_KINDS = (
    FactKind.LESSON_STARTED,
    FactKind.LESSON_COMPLETED,
    FactKind.QUIZ_SUBMITTED,
    FactKind.POST_CREATED,
    FactKind.REVIEW_POSTED,
)


async def people_total(session: AsyncSession, scope: Scope) -> int:
    # As gamification's LEARNS.
    chosen = (_is_learner(scope), User.disabled_at.is_(None), *scope.people(User.id), *_enrolled(scope))
    return int(await session.scalar(select(func.count()).select_from(User).where(*chosen)) or 0)


def _is_learner(scope: Scope) -> ColumnElement[bool]:
    # With a filter not the plain column: all learners would be looked through for some of them.
    role: Any = User.role if scope.is_everything else cast(User.role, String)
    return role == Role.LEARNER.value  # type: ignore[no-any-return]


def people_new(scope: Scope, days: Range) -> Rows:
    day: Any = User.created_day if scope.is_everything else User.created_day.concat("")  # as the role is
    return select(day.label("day"), literal(None).label("course_id"), literal(1).label("value")).where(
        _is_learner(scope), on_days(day, days), *scope.people(User.id), *_enrolled(scope)
    )


def _enrolled(scope: Scope) -> list[ColumnElement[bool]]:
    """Condition of people who are enrolled in the courses of the scope, if it has any."""
    own = scope.courses(Enrolment.course_id)
    return [User.id.in_(select(Enrolment.user_id).where(LIVE, *own))] if own else []


async def active_people(session: AsyncSession, scope: Scope, days: Range) -> int:
    """Distinct people who learned on one of the days."""
    rows = active_rows(scope, days).subquery()
    return int(await session.scalar(select(func.count(rows.c.user_id.distinct()))) or 0)


async def active_week(session: AsyncSession, scope: Scope, last: str) -> int:
    return await active_people(session, scope, trailing(last, WEEK_DAYS))


async def active_month(session: AsyncSession, scope: Scope, last: str) -> int:
    return await active_people(session, scope, trailing(last, MONTH_DAYS))


def active_rows(
    scope: Scope, days: Range, ids: Collection[str] = ()
) -> Select[str, str] | CompoundSelect[str, str]:
    """Who learned on which day (day, user_id). In courses: who watched ten seconds in one session, or has a
    fact of learning there. `ids`: people, if only some are asked for."""
    if scope.has_courses:
        rows = active_in_courses(scope, days, ids).subquery()
        return select(rows.c.day, rows.c.user_id)
    row = ActivityDay
    return select(row.day.label("day"), row.user_id.label("user_id")).where(
        on_days(row.day, days), *scope.people(row.user_id), *_some(row.user_id, ids)
    )


def _some(user_id: Any, ids: Collection[str]) -> list[ColumnElement[bool]]:
    return [user_id.in_(ids)] if ids else []


def was_active(user_id: Any, days: Range) -> Any:
    """Condition of somebody who learned on one of the days."""
    other = aliased(ActivityDay)
    return exists().where(other.user_id == user_id, other.day.between(days.first, days.last))


def active_in_courses(scope: Scope, days: Range, ids: Collection[str] = ()) -> CompoundSelect[str, str, str]:
    """Who learned in which course on which day (day, course_id, user_id), each once."""
    watched, fact = WatchDay, LearningEvent
    each = scope.has_courses and not scope.team_id and not ids
    # Not the plain column: facts of all courses on these days would be looked through.
    day: Any = (
        fact.local_day.concat("") if scope.instructor_id and days.first != days.last else fact.local_day
    )
    return union(
        select(watched.day.label("day"), watched.course_id.label("course_id"), watched.user_id).where(
            on_days(watched.day, days, each=each),
            watched.seconds >= VIEW_SECONDS,
            *scope.courses(watched.course_id),
            *scope.people(watched.user_id),
            *_some(watched.user_id, ids),
        ),
        select(fact.local_day, fact.course_id, fact.user_id).where(
            fact.kind.in_(ACTIVE_KINDS),
            on_days(day, days),
            fact.course_id.is_not(None),
            *scope.courses(fact.course_id),
            *scope.people(fact.user_id),
            *_some(fact.user_id, ids),
        ),
    )


async def enrolments_live(session: AsyncSession, scope: Scope) -> int:
    conditions = (LIVE, *scope.courses(Enrolment.course_id), *scope.people(Enrolment.user_id))
    return int(await session.scalar(select(func.count()).select_from(Enrolment).where(*conditions)) or 0)


async def rating(session: AsyncSession, scope: Scope) -> tuple[int, int]:
    """Reviews that are shown, and the sum of their stars."""
    count, stars = func.count(Review.stars), func.sum(Review.stars)
    chosen = (
        Review.state == ReviewState.SHOWN,
        *scope.courses(Review.course_id),
        *scope.people(Review.user_id),
    )
    found = (await session.execute(select(count, stars).where(*chosen))).one()
    return int(found[0]), int(found[1] or 0)
