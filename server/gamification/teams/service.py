"""Teams: making, changing, deleting, and their board. Handlers check that administrators make them."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import Subject, record
from server.core.errors import Conflict, Invalid
from server.core.text import versions
from server.gamification.teams import members, rules
from server.gamification.teams.rules import Score
from server.gamification.teams.schemas import NewTeam, Standing, TeamBoard, TeamPatch, TeamView
from server.gamification.xp.rules import period
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Challenge, Course, LeaderboardRow, Team, User
from storage.messages import N_
from storage.states import Timeframe
from storage.states.privacy import AuditAction, AuditSubject

NO_COURSE = N_("There is no such course.")
IN_CHALLENGE = N_("The challenge “%(title)s” is for this team. Delete it or wait for its result first.")


async def board(session: AsyncSession, user_id: str, timeframe: Timeframe, day: str) -> TeamBoard:
    """Step: teams by average XP in the period of a local day, with those of the person.

    Only periods whose rows of leaderboards are kept have XP: see `xp.rules.kept`.
    """
    name = period(timeframe, day)
    scores = await _scores(session, timeframe, name)
    own = set(await members.of_person(session, user_id))
    found = [_standing(score, rank, own) for rank, score in rules.ranks(scores)]
    hidden = [_standing(score, None, own) for score in scores if not score.is_shown and score.id in own]
    mine = [one for one in found if one.own] + sorted(hidden, key=lambda one: one.name.casefold())
    return TeamBoard(timeframe=timeframe, period=name, own=mine, teams=found)


async def _scores(session: AsyncSession, timeframe: Timeframe, name: str) -> list[Score]:
    people, row = members.learners_in_teams(), LeaderboardRow
    of_period = and_(row.user_id == people.c.user_id, row.timeframe == timeframe, row.period == name)
    query = (
        select(Team.id, Team.name, func.count(people.c.user_id), func.coalesce(func.sum(row.xp), 0))
        .outerjoin(people, people.c.team_id == Team.id)
        .outerjoin(row, of_period)
        .group_by(Team.id, Team.name)
    )
    return [
        Score(team_id, title, count, int(xp)) for team_id, title, count, xp in await session.execute(query)
    ]


def _standing(score: Score, rank: int | None, own: set[str]) -> Standing:
    return Standing(
        id=score.id,
        name=score.name,
        people=score.people,
        rank=rank,
        average=score.average if score.is_shown else None,
        own=score.id in own,
    )


async def listed(session: AsyncSession) -> list[TeamView]:
    """Step: every team by name."""
    return sorted(await _views(session), key=lambda team: (team.name.casefold(), team.id))


async def shown(session: AsyncSession, team_id: str) -> TeamView:
    """Step. Raises NotFound."""
    await members.require(session, team_id)
    (view,) = await _views(session, team_id)
    return view


async def create(database: Database, new: NewTeam, actor_id: str, now: datetime) -> TeamView:
    """Use case. Raises Invalid."""
    name = rules.clean_name(new.name)
    async with database.write() as session:
        if new.course_id is not None and await session.get(Course, new.course_id) is None:
            raise Invalid(NO_COURSE, fields={"course_id": NO_COURSE})
        team = Team(
            id=new_id(),
            name=name,
            course_id=new.course_id,
            created_by=actor_id,
            created_at=now,
            updated_at=now,
            version=1,
        )
        session.add(team)
        await session.flush()
        await _note(session, team, "made", actor_id, now)
        return await shown(session, team.id)


async def rename(
    database: Database,
    team_id: str,
    patch: TeamPatch,
    now: datetime,
    started: versions.Started = versions.NOT_STATED,
    *,
    by: str | None = None,
) -> TeamView:
    """Use case. Raises NotFound, Invalid, and EditConflict for a save over a later one."""
    async with database.write() as session:
        await members.require(session, team_id)
        team = await lock_row(session, Team, team_id)
        if team is not None:
            versions.save(team, {"name": rules.clean_name(patch.name)}, patch.version, started)
            team.updated_at = now
            await session.flush()
            await _note(session, team, "renamed", by, now)
        return await shown(session, team_id)


async def delete(database: Database, team_id: str, now: datetime, *, by: str | None = None) -> TeamView:
    """Use case. Raises NotFound, and Conflict while a challenge is for the team."""
    async with database.write() as session:
        team = await shown(session, team_id)
        waiting = select(Challenge.title).where(Challenge.team_id == team_id, Challenge.settled_at.is_(None))
        title = await session.scalar(waiting.limit(1))
        if title is not None:
            raise Conflict(IN_CHALLENGE, title=title)
        row = await session.get_one(Team, team_id)
        await _note(session, row, "deleted", by, now)
        await session.delete(row)
        return team


async def _note(session: AsyncSession, team: Team, what: str, by: str | None, now: datetime) -> None:
    """Step: entry of the audit log."""
    about = Subject(AuditSubject.TEAM, team.id, team.name)
    await record(session, by, AuditAction.TEAM_CHANGED, now, about=about, data={"what": what})


async def _views(session: AsyncSession, team_id: str | None = None) -> list[TeamView]:
    counts = await _people(session, team_id)
    query = select(Team, Course.title).outerjoin(Course, Course.id == Team.course_id)
    if team_id is not None:
        query = query.where(Team.id == team_id)
    return [
        TeamView(
            id=team.id,
            name=team.name,
            course_id=team.course_id,
            course_title=title,
            people=counts.get(team.id, 0),
            version=team.version,
            created_at=team.created_at,
            updated_at=team.updated_at,
        )
        for team, title in await session.execute(query)
    ]


async def _people(session: AsyncSession, team_id: str | None) -> dict[str, int]:
    """How many count in each team, or in one."""
    if team_id is not None:
        people = members.learners_in_teams(team_id)
        query = select(people.c.team_id, func.count())
    else:
        people = members.everybody_in_teams()
        # Without the few who do not count: looking each member up would read the rows of all people.
        others = select(User.id).where(~members.LEARNS)
        query = select(people.c.team_id, func.count()).where(people.c.user_id.not_in(others))
    rows = await session.execute(query.group_by(people.c.team_id))
    return {of_team: count for of_team, count in rows}  # noqa: C416 - typed
