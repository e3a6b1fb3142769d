"""Page of the XP ledger: every line with why it was written."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.gamification.learner.lines import listing
from server.library.pages.shared import AnyRequest
from storage.database.engine import Database


@get("/dashboard/xp")
async def xp_page(
    request: AnyRequest, viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    async with database.read() as session:
        ledger = await listing.shown(session, viewer, listing.LINES.read(request.query_params))
    return page(request, "gamification/xp.html", viewer=viewer, ledger=ledger, found=ledger.found)


ROUTES: list[ControllerRouterHandler] = [xp_page]
