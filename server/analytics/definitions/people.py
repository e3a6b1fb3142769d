"""Definitions of people and of enrolments that there are: distinct people are never added up."""

from typing import Any

from sqlalchemy import CompoundSelect, Select, exists, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.analytics.definitions.metric import Rows
from server.analytics.definitions.scope import Scope
from server.analytics.rules import MONTH_DAYS, WEEK_DAYS, Range, trailing
from server.gamification.teams.members import LEARNS
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
    found = select(func.count()).select_from(User).where(LEARNS, *scope.people(User.id), *_enrolled(scope))
    return int(await session.scalar(found) or 0)


def people_new(scope: Scope, days: Range) -> Rows:
    return select(
        User.created_day.label("day"), literal(None).label("course_id"), literal(1).label("value")
    ).where(
        User.role == Role.LEARNER,
        User.created_day.between(days.first, days.last),
        *scope.people(User.id),
        *_enrolled(scope),
    )


def _enrolled(scope: Scope) -> list[Any]:
    """Condition of people who are enrolled in the courses of the scope, if it has any."""
    own = scope.courses(Enrolment.course_id)
    return [exists().where(Enrolment.user_id == User.id, LIVE, *own)] if own else []


async def active_people(session: AsyncSession, scope: Scope, days: Range) -> int:
    """Distinct people who learned on one of the days."""
    rows = active_rows(scope, days).subquery()
    return int(await session.scalar(select(func.count(rows.c.user_id.distinct()))) or 0)


async def active_week(session: AsyncSession, scope: Scope, last: str) -> int:
    return await active_people(session, scope, trailing(last, WEEK_DAYS))


async def active_month(session: AsyncSession, scope: Scope, last: str) -> int:
    return await active_people(session, scope, trailing(last, MONTH_DAYS))


def active_rows(scope: Scope, days: Range) -> Select[str, str] | CompoundSelect[str, str]:
    """Who learned on which day (day, user_id). In courses: who watched ten seconds in one session, or has a
    fact of learning there."""
    if scope.has_courses:
        rows = active_in_courses(scope, days).subquery()
        return select(rows.c.day, rows.c.user_id)
    row = ActivityDay
    return select(row.day.label("day"), row.user_id.label("user_id")).where(
        row.day.between(days.first, days.last), *scope.people(row.user_id)
    )


def was_active(user_id: Any, days: Range) -> Any:
    """Condition of somebody who learned on one of the days."""
    other = aliased(ActivityDay)
    return exists().where(other.user_id == user_id, other.day.between(days.first, days.last))


def active_in_courses(scope: Scope, days: Range) -> CompoundSelect[str, str, str]:
    """Who learned in which course on which day (day, course_id, user_id), each once."""
    watched, fact = WatchDay, LearningEvent
    return union(
        select(watched.day.label("day"), watched.course_id.label("course_id"), watched.user_id).where(
            watched.day.between(days.first, days.last),
            watched.seconds >= VIEW_SECONDS,
            *scope.courses(watched.course_id),
            *scope.people(watched.user_id),
        ),
        select(fact.local_day, fact.course_id, fact.user_id).where(
            fact.kind.in_(ACTIVE_KINDS),
            fact.local_day.between(days.first, days.last),
            fact.course_id.is_not(None),
            *scope.courses(fact.course_id),
            *scope.people(fact.user_id),
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
