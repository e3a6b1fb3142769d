"""Rules, achievements and changes with a dry run, for administrators (spec section 2)."""

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid
from server.core.text.formats import translated
from server.gamification.changes import proposing, service, viewing
from server.gamification.changes.rules import Change
from server.gamification.changes.schemas import (
    AchievementRule,
    Apply,
    ChangeView,
    NewAchievement,
    PeoplePage,
    RulesView,
    Seeded,
)
from storage.database.engine import Database
from storage.messages import N_

TAGS = ["Gamification"]
BASE = "/api/gamification/admin"
ONE = f"{BASE}/changes/{{change_id:str}}"


@get(f"{BASE}/rules", tags=TAGS)
async def get_rules(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> RulesView:
    """XP values with their versions, and all achievements."""
    async with database.read() as session:
        return RulesView(
            values=await viewing.values(session, clock.now()),
            achievements=await viewing.achievements(session, clock.now()),
        )


@post(f"{BASE}/achievement/create", tags=TAGS)
async def create_achievement(
    data: JSONBody[NewAchievement],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AchievementRule:
    """Create an achievement: for those who reach it from now on, or also for those who have.

    To see before who would unlock it, propose it as a change.
    """
    change = proposing.from_request(data)
    await service.apply_at_once(database, administrator, change, data.scope, clock.now())
    async with database.read() as session:
        found = await viewing.achievements(session, clock.now())
        return next(one for one in found if one.id == change.id)


@post(f"{BASE}/achievements/seed", status_code=200, tags=TAGS)
async def seed_achievements(
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Seeded:
    """Put default achievements back that are missing. Idempotent; those that are there stay as they are."""
    added = await service.seed(database, clock.now(), by=administrator.id)
    told = N_("The missing achievements are back.") if added else N_("None is missing.")
    return Seeded(message=translated(told), added=added)


@post(f"{BASE}/changes", status_code=202, tags=TAGS)
async def propose_change(
    data: JSONBody[Change],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ChangeView:
    """Propose a change. It changes nothing: what it would do is counted in the background."""
    change = proposing.checked(data)
    change_id = await service.propose(database, administrator, change, clock.now())
    async with database.read() as session:
        return await viewing.change(session, change_id)


@get(ONE, tags=TAGS)
async def get_change(
    change_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> ChangeView:
    """A change, and what it does when it is applied from the beginning."""
    async with database.read() as session:
        return await viewing.change(session, change_id)


@get(f"{ONE}/people", tags=TAGS)
async def get_affected(
    change_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    page: FromQuery[int] = 1,
) -> PeoplePage:
    """People whom it gives or takes something, the most affected first."""
    if page < 1:
        raise Invalid(N_("Pages are numbered from 1."))
    async with database.read() as session:
        await viewing.change(session, change_id)
        return await viewing.people(session, change_id, str(page))


@post(f"{ONE}/apply", status_code=202, tags=TAGS)
async def apply_change(
    change_id: FromPath[str],
    data: JSONBody[Apply],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ChangeView:
    """Apply a change, from now on or from the beginning. Idempotent; people are settled in the background."""
    await service.apply(database, change_id, data.scope, administrator.id, clock.now())
    async with database.read() as session:
        return await viewing.change(session, change_id)


@delete(ONE, tags=TAGS)
async def discard_change(
    change_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> None:
    """Discard a proposed change. One that is applied stays. 404 when there is none."""
    async with database.read() as session:
        await viewing.change(session, change_id)
    await service.discard(database, change_id)


ROUTES: list[ControllerRouterHandler] = [
    get_rules,
    create_achievement,
    seed_achievements,
    propose_change,
    get_change,
    get_affected,
    apply_change,
    discard_change,
]
