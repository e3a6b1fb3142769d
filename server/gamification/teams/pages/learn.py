"""Learner's page of teams by average XP."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.lists import AddressReader
from server.core.web.pages import page
from server.gamification.learner.stats import today
from server.gamification.teams import rules, service
from storage.database.engine import Database
from storage.states import Timeframe

SHOWN_TIMEFRAMES = (Timeframe.WEEKLY, Timeframe.MONTHLY, Timeframe.ALL_TIME)


@get("/dashboard/teams")
async def teams(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Query parameter `timeframe`: weekly unless another one is named; an unknown one is told."""
    reader = AddressReader(request.query_params)
    timeframe = Timeframe(reader.choice("timeframe", SHOWN_TIMEFRAMES) or Timeframe.WEEKLY)
    async with database.read() as session:
        day = await today(session, clock.now())
        board = await service.board(session, viewer.id, timeframe, day)
    return page(
        request,
        "gamification/teams_board.html",
        viewer=viewer,
        board=board,
        timeframes=SHOWN_TIMEFRAMES,
        least=rules.LEAST_PEOPLE,
        problems=reader.problems,
    )


ROUTES: list[ControllerRouterHandler] = [teams]
