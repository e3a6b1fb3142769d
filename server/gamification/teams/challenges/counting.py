"""Counting of challenges, from lines of the ledger, facts and days of learning, by their local days.

All of them can be rebuilt from facts with the same days, so that counting again gives the same.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Select, Subquery, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.teams.members import LEARNS, learners_in_teams
from server.library.access import LIVE
from storage.database.tables import (
    ActivityDay,
    Challenge,
    ChallengeResult,
    Enrolment,
    LearningEvent,
    User,
    XpTransaction,
)
from storage.states import Audience, ChallengeMetric, ChallengeMode, FactKind


class Count(msgspec.Struct, frozen=True):
    progress: int  # together: of the metric; each: learners who have reached the target
    people: int  # learners of the audience


def audience(challenge: Challenge) -> Subquery:
    """Rows of user_id: learners whom a challenge is for. None when its course or team was deleted."""
    if challenge.audience == Audience.COURSE:
        learners = select(User.id.label("user_id")).join(Enrolment, Enrolment.user_id == User.id)
        return learners.where(LEARNS, LIVE, Enrolment.course_id == challenge.course_id).subquery()
    if challenge.audience == Audience.TEAM:
        found = learners_in_teams()
        return select(found.c.user_id).where(found.c.team_id == challenge.team_id).subquery()
    return select(User.id.label("user_id")).where(LEARNS).subquery()


def amounts(challenge: Challenge, user_id: str | None = None) -> Subquery:
    """Rows of user_id and amount, from 1 on: what people have of the challenge's metric. Of one person alone
    with `user_id`."""
    source = _SOURCES[challenge.metric]
    query = source.query().where(source.day.between(challenge.first_day, challenge.last_day))
    if user_id is not None:
        query = query.where(source.owner == user_id)
    if challenge.ended_at is not None:
        query = query.where(or_(source.at.is_(None), source.at <= challenge.ended_at))
    found = query.group_by(source.owner).subquery()
    return select(found.c.user_id, found.c.amount).where(found.c.amount > 0).subquery()


class _Source(NamedTuple):
    """Rows that a metric counts: columns of the person, the local day and the moment, and the query."""

    owner: Any
    day: Any
    at: Any
    query: Callable[[], Select[str, int]]


def _xp() -> Select[str, int]:
    return select(XpTransaction.user_id, func.sum(XpTransaction.amount).label("amount"))


def _lessons() -> Select[str, int]:
    query = select(LearningEvent.user_id, func.count().label("amount"))
    return query.where(LearningEvent.kind == FactKind.LESSON_COMPLETED)


def _days() -> Select[str, int]:
    return select(ActivityDay.user_id, func.count().label("amount"))


_SOURCES = {
    ChallengeMetric.XP: _Source(XpTransaction.user_id, XpTransaction.local_day, XpTransaction.at, _xp),
    ChallengeMetric.LESSONS: _Source(
        LearningEvent.user_id, LearningEvent.local_day, LearningEvent.at, _lessons
    ),
    ChallengeMetric.DAYS: _Source(ActivityDay.user_id, ActivityDay.day, ActivityDay.first_at, _days),
}


async def of_person(session: AsyncSession, challenge: Challenge, user_id: str) -> int:
    """Step: what one person has of the metric."""
    found = amounts(challenge, user_id)
    return int(await session.scalar(select(found.c.amount)) or 0)


async def count(session: AsyncSession, challenge: Challenge) -> Count:
    """Step: how far the challenge is."""
    learners, found = audience(challenge), amounts(challenge)
    joined = select(found.c.amount).join(learners, learners.c.user_id == found.c.user_id).subquery()
    return await _count(session, challenge, joined)


async def _count(session: AsyncSession, challenge: Challenge, found: Subquery) -> Count:
    learners = audience(challenge)
    people = await session.scalar(select(func.count()).select_from(learners)) or 0
    if challenge.mode == ChallengeMode.TOGETHER:
        query = select(func.coalesce(func.sum(found.c.amount), 0))
    else:
        query = select(func.count()).select_from(found).where(found.c.amount >= challenge.target)
    return Count(int(await session.scalar(query) or 0), people)


async def settle(session: AsyncSession, challenge: Challenge, now: datetime) -> None:
    """Step: write the result for good, in one transaction. The caller has locked the row, and looked that
    there is none yet."""
    learners, found = audience(challenge), amounts(challenge)
    rows = select(literal(challenge.id), found.c.user_id, found.c.amount).join(
        learners, learners.c.user_id == found.c.user_id
    )
    await session.execute(insert(ChallengeResult).from_select(["challenge_id", "user_id", "progress"], rows))
    result = ChallengeResult
    written = select(result.progress.label("amount")).where(result.challenge_id == challenge.id).subquery()
    counted = await _count(session, challenge, written)
    challenge.progress, challenge.people = counted.progress, counted.people
    challenge.counted_at = challenge.settled_at = now
