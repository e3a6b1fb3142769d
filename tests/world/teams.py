"""Teams and challenges."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.tables import Challenge, Team, TeamMember
from storage.states import Audience, ChallengeMetric, ChallengeMode


async def add_team(
    session: AsyncSession, name: str, user_ids: Sequence[str], course_id: str | None, at: datetime
) -> Team:
    """Step."""
    team = Team(id=new_id(), name=name, course_id=course_id, created_at=at, updated_at=at)
    session.add(team)
    await session.flush()
    session.add_all(TeamMember(team_id=team.id, user_id=user_id, added_at=at) for user_id in user_ids)
    return team


async def add_challenge(
    session: AsyncSession, at: datetime, begins_in: int, days: int, terms: Mapping[str, Any]
) -> Challenge:
    """Step: days in UTC, the zone of a new server."""
    first = (at + timedelta(days=begins_in)).date()
    values: dict[str, Any] = {
        "title": "Five lessons",
        "metric": ChallengeMetric.LESSONS,
        "mode": ChallengeMode.TOGETHER,
        "target": 5,
        "audience": Audience.EVERYBODY,
        **terms,
    }
    challenge = Challenge(
        id=new_id(),
        first_day=first.isoformat(),
        last_day=(first + timedelta(days=days - 1)).isoformat(),
        created_at=at,
        updated_at=at,
        **values,
    )
    session.add(challenge)
    await session.flush()
    return challenge
