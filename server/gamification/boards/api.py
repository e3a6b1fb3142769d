"""Leaderboards (spec section 2)."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.text.formats import translated
from server.gamification.boards import service, tasks
from server.gamification.boards.schemas import Leaderboard, RebuildAsked
from storage.database.engine import Database
from storage.messages import N_
from storage.states import Timeframe

TAGS = ["Gamification"]
BASE = "/api/gamification"


@get(f"{BASE}/leaderboard", tags=TAGS)
async def show_leaderboard(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    timeframe: Annotated[Timeframe, QueryParameter()] = Timeframe.ALL_TIME,
    limit: Annotated[int, QueryParameter(ge=1, le=service.MOST)] = service.MOST,
) -> Leaderboard:
    """Top of the board of all time, of this month or of this week, with the caller's rank and neighbours.

    404 while the institution has its boards switched off."""
    async with database.read() as session:
        return await service.leaderboard(session, viewer, timeframe, clock.now(), limit)


@post(f"{BASE}/admin/leaderboard/rebuild", status_code=202, tags=TAGS)
async def rebuild_leaderboard(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> RebuildAsked:
    """Rebuild all boards from the ledger, in the background. Boards stay readable meanwhile. Idempotent."""
    now = clock.now()
    await tasks.ask(database, now)
    async with database.read() as session:
        last = await tasks.last(session, now)
    told = N_("The boards are rebuilt from the ledger within a few seconds.")
    return RebuildAsked(message=translated(told), last_ended=last.ended_at)


ROUTES: list[ControllerRouterHandler] = [show_leaderboard, rebuild_leaderboard]
