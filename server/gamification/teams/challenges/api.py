"""JSON API of challenges: the learner's, and what administrators do with them. No call takes XP."""

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import UNSET

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.gamification.teams.challenges import service, shown
from server.gamification.teams.challenges.schemas import (
    ChallengePatch,
    Challenges,
    ChallengeView,
    Ending,
    NewChallenge,
)
from storage.database.engine import Database

TAGS = ["Gamification"]
ADMIN = "/api/gamification/admin/challenges"


@get("/api/gamification/challenges", tags=TAGS)
async def own_challenges(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Challenges:
    """Challenges that are for the caller, and those that were reached with them."""
    async with database.read() as session:
        return await shown.of_learner(session, viewer.id, clock.now())


@get(ADMIN, tags=TAGS)
async def list_challenges(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> list[ChallengeView]:
    """All challenges, the latest first."""
    async with database.read() as session:
        return await service.listed(session, clock.now())


@post(ADMIN, tags=TAGS)
async def make_challenge(
    data: JSONBody[NewChallenge],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ChallengeView:
    """Make a challenge. From its first day on its terms stay."""
    values = {name: str(value) for name, value in msgspec.structs.asdict(data).items()}
    return await service.create(database, values, administrator.id, clock.now())


@get(ADMIN + "/{challenge_id:str}", tags=TAGS)
async def get_challenge(
    challenge_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ChallengeView:
    """One challenge with its progress or its result."""
    async with database.read() as session:
        return await service.shown(session, challenge_id, clock.now())


@patch(ADMIN + "/{challenge_id:str}", tags=TAGS)
async def change_challenge(
    challenge_id: FromPath[str],
    data: JSONBody[ChallengePatch],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ChallengeView:
    """Change a challenge before its first day; 409 from then on."""
    given = msgspec.structs.asdict(data)
    version = given.pop("version")
    values = {name: str(value) for name, value in given.items() if value is not UNSET}
    return await service.change(database, challenge_id, values, version, clock.now(), by=administrator.id)


@delete(ADMIN + "/{challenge_id:str}", tags=TAGS)
async def delete_challenge(
    challenge_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Delete a challenge before its first day; 409 from then on."""
    await service.delete(database, challenge_id, clock.now(), by=administrator.id)


@post(ADMIN + "/{challenge_id:str}/end", tags=TAGS, status_code=200)
async def end_challenge(
    challenge_id: FromPath[str],
    data: JSONBody[Ending],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ChallengeView:
    """End a challenge that is running, with a reason that learners see. What happened before counts."""
    return await service.end(database, challenge_id, data.reason, clock.now(), by=administrator.id)


ROUTES: list[ControllerRouterHandler] = [
    own_challenges,
    list_challenges,
    make_challenge,
    get_challenge,
    change_challenge,
    delete_challenge,
    end_challenge,
]
