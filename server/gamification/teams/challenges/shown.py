"""Challenges of one learner: bars of those that are going on, badges of those that were reached. Steps."""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.learner.stats import today
from server.gamification.teams import members
from server.gamification.teams.challenges import counting, rules, service
from server.gamification.teams.challenges.rules import ChallengeState
from server.gamification.teams.challenges.schemas import Badge, Challenges, OwnChallenge
from server.gamification.teams.rules import LEAST_PEOPLE
from server.library.access import LIVE
from storage.database.tables import Challenge, ChallengeResult, Enrolment, User
from storage.states import Audience, ChallengeMode

RESULT_DAYS = 7  # for which a result is shown among the challenges
PLANNED_DAYS = 14  # before its first day, from which a challenge is shown
MOST_BADGES = 12


async def of_learner(session: AsyncSession, user_id: str, now: datetime) -> Challenges:
    """Step: nothing for staff, who do not count."""
    learns = await session.scalar(select(exists().where(User.id == user_id, members.LEARNS)))
    if not learns:
        return Challenges(challenges=[], badges=[])
    day = await today(session, now)
    rows = list(await session.scalars(await _concerning(session, user_id, now, day)))
    known = await service.names(session, rows)
    return Challenges(
        challenges=[await _own(session, row, known, user_id, day) for row in rows],
        badges=await _badges(session, user_id),
    )


async def _concerning(session: AsyncSession, user_id: str, now: datetime, day: str) -> Select[Challenge]:
    courses = select(Enrolment.course_id).where(Enrolment.user_id == user_id, LIVE)
    teams = await members.of_person(session, user_id)
    soon = (datetime.fromisoformat(day) + timedelta(days=PLANNED_DAYS)).date().isoformat()
    recent = Challenge.settled_at > now - timedelta(days=RESULT_DAYS)
    concerned = or_(
        Challenge.audience == Audience.EVERYBODY,
        and_(Challenge.audience == Audience.COURSE, Challenge.course_id.in_(courses)),
        and_(Challenge.audience == Audience.TEAM, Challenge.team_id.in_(teams)),
    )
    going_on = and_(Challenge.settled_at.is_(None), Challenge.first_day <= soon)
    return (
        select(Challenge)
        .where(concerned, or_(going_on, recent))
        .order_by(Challenge.settled_at.is_not(None), Challenge.last_day, Challenge.id)
    )


async def _own(
    session: AsyncSession, row: Challenge, known: dict[str, str], user_id: str, day: str
) -> OwnChallenge:
    state = rules.state(row.first_day, row.last_day, row.ended_at, row.settled_at, day)
    together = row.mode == ChallengeMode.TOGETHER
    own = await _amount(session, row, state, user_id)
    hidden = together and row.people < LEAST_PEOPLE
    progress = row.progress if together else own
    return OwnChallenge(
        id=row.id,
        title=row.title,
        first_day=row.first_day,
        last_day=row.last_day,
        metric=row.metric,
        mode=row.mode,
        target=row.target,
        audience=row.audience,
        audience_name=known.get(row.course_id or row.team_id or ""),
        state=state,
        own=own,
        progress=None if hidden else progress,
        percent=None if hidden else rules.percent(progress, row.target),
        days_left=0 if row.ended_at else rules.days_left(row.last_day, day),
        reached=progress >= row.target,
        ended_early=row.ended_at is not None,
        end_reason=row.end_reason,
    )


async def _amount(session: AsyncSession, row: Challenge, state: ChallengeState, user_id: str) -> int:
    """What the learner has: of a challenge that is over, as it was frozen."""
    if state == ChallengeState.OVER:
        result = await session.get(ChallengeResult, (row.id, user_id))
        return result.progress if result else 0
    return await counting.of_person(session, row, user_id) if state != ChallengeState.PLANNED else 0


async def _badges(session: AsyncSession, user_id: str) -> list[Badge]:
    """Of frozen results and frozen terms."""
    reached = or_(
        and_(Challenge.mode == ChallengeMode.TOGETHER, Challenge.progress >= Challenge.target),
        and_(Challenge.mode == ChallengeMode.EACH, ChallengeResult.progress >= Challenge.target),
    )
    rows = await session.scalars(
        select(Challenge)
        .join(ChallengeResult, ChallengeResult.challenge_id == Challenge.id)
        .where(ChallengeResult.user_id == user_id, Challenge.settled_at.is_not(None), reached)
        .order_by(Challenge.settled_at.desc(), Challenge.id)
        .limit(MOST_BADGES)
    )
    return [Badge(challenge_id=row.id, title=row.title, last_day=row.last_day) for row in rows]
