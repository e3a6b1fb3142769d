"""The caller's XP ledger as JSON."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.lists import MAX_PAGE
from server.gamification.learner.lines import listing
from server.gamification.learner.lines.schemas import XpLines
from storage.database.engine import Database

PageNumber = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]


@get("/api/gamification/xp", tags=["Gamification"])
async def own_lines(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], page: PageNumber = 1
) -> XpLines:
    """Every line of the caller's XP ledger with its reason, 50 a page, and the sums by rule."""
    state = listing.LINES.read({"page": str(page)})
    async with database.read() as session:
        ledger = await listing.shown(session, viewer, state)
    found = ledger.found
    return XpLines(
        total_xp=ledger.total,
        sums=list(ledger.sums),
        lines=found.items,
        page=found.state.page,
        pages=found.pages,
        count=found.hits,
    )


ROUTES: list[ControllerRouterHandler] = [own_lines]
