"""Streak calendar and planned breaks."""

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.gamification.learner.streaks import breaks, calendar
from server.gamification.learner.streaks.schemas import BreakView, NewBreak, StreakCalendar
from storage.database.engine import Database

TAGS = ["Gamification"]
BREAKS = "/api/gamification/streak/breaks"


@get("/api/gamification/streak", tags=TAGS)
async def own_streak(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> StreakCalendar:
    """The caller's days from the first one of learning to today, freezes and planned breaks."""
    async with database.read() as session:
        return await calendar.of_person(session, viewer.id, clock.now())


@post(BREAKS, tags=TAGS)
async def plan_break(
    data: JSONBody[NewBreak],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> BreakView:
    """Plan a break: days that neither break the streak nor make it longer. At most 30 days, three a year,
    from tomorrow on. Idempotent."""
    return await breaks.plan(database, viewer.id, data, clock.now())


@delete(BREAKS + "/{break_id:str}", tags=TAGS)
async def stop_break(
    break_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Withdraw a break that has not begun, or end a running one: today is its last day then."""
    await breaks.stop(database, viewer.id, break_id, clock.now())


ROUTES: list[ControllerRouterHandler] = [own_streak, plan_break, stop_break]
