"""JSON API of teams: their board, and what administrators do with them."""

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound
from server.gamification.learner.stats import today
from server.gamification.teams import members, rules, service
from server.gamification.teams.schemas import NewTeam, TeamBoard, TeamPatch, TeamView
from server.library.schemas import Added, Emails, Member
from storage.database.engine import Database
from storage.messages import N_

TAGS = ["Gamification"]
ADMIN = "/api/gamification/admin/teams"
NOT_IN_TEAM = N_("This person is not in the team.")


@get("/api/gamification/teams", tags=TAGS)
async def team_board(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    timeframe: FromQuery[str] = "weekly",
) -> TeamBoard:
    """Teams by the average XP of their learners, and the caller's own. Timeframe: weekly, monthly or
    all_time."""
    async with database.read() as session:
        day = await today(session, clock.now())
        return await service.board(session, viewer.id, rules.clean_timeframe(timeframe), day)


@get(ADMIN, tags=TAGS)
async def list_teams(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> list[TeamView]:
    """All teams, for administrators."""
    async with database.read() as session:
        return await service.listed(session)


@post(ADMIN, tags=TAGS)
async def make_team(
    data: JSONBody[NewTeam],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TeamView:
    """Make a team: with a course of all its learners, else of people that are put into it."""
    return await service.create(database, data, administrator.id, clock.now())


@get(ADMIN + "/{team_id:str}", tags=TAGS)
async def get_team(
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> TeamView:
    """One team."""
    async with database.read() as session:
        return await service.shown(session, team_id)


@patch(ADMIN + "/{team_id:str}", tags=TAGS)
async def rename_team(
    team_id: FromPath[str],
    data: JSONBody[TeamPatch],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TeamView:
    """Change the name."""
    return await service.rename(database, team_id, data, clock.now(), by=administrator.id)


@delete(ADMIN + "/{team_id:str}", tags=TAGS)
async def delete_team(
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Delete a team. Its people and what they earned stay."""
    await service.delete(database, team_id, clock.now(), by=administrator.id)


@get(ADMIN + "/{team_id:str}/members", tags=TAGS)
async def list_members(
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> list[Member]:
    """People of a team by name, staff among them."""
    async with database.read() as session:
        await members.require(session, team_id)
        return await members.everybody(session, team_id)


@post(ADMIN + "/{team_id:str}/members", tags=TAGS, status_code=200)
async def add_members(
    team_id: FromPath[str],
    data: JSONBody[Emails],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Added:
    """Put people with these addresses into a team. A person may be in several teams."""
    return await members.add(database, team_id, data.emails, clock.now())


@delete(ADMIN + "/{team_id:str}/members/{user_id:str}", tags=TAGS)
async def remove_member(
    team_id: FromPath[str],
    user_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> None:
    """Take a person out of a team."""
    if await members.remove(database, team_id, user_id) is None:
        raise NotFound(NOT_IN_TEAM)


ROUTES: list[ControllerRouterHandler] = [
    team_board,
    list_teams,
    make_team,
    get_team,
    rename_team,
    delete_team,
    list_members,
    add_members,
    remove_member,
]
