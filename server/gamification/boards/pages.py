"""Page of the leaderboards, and the administrator's page with their switch and rebuild."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.lists import AddressReader
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.gamification.boards import people, service, tasks
from server.gamification.boards.switch import boards_on, switch_boards
from server.institution import service as institution
from storage.database.engine import Database
from storage.messages import N_
from storage.states import Timeframe

AnyRequest = Request[Any, Any, State]
HERE, ADMIN = "/dashboard/leaderboard", "/admin/boards"
TABS = (Timeframe.WEEKLY, Timeframe.MONTHLY, Timeframe.ALL_TIME)
NO_ACTION = N_("There is no such action.")


@get(HERE)
async def leaderboard_page(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    timeframe: Annotated[str, QueryParameter()] = Timeframe.WEEKLY,
) -> Template:
    """An unknown timeframe is this week, and told."""
    reader = AddressReader({"timeframe": timeframe})
    shown = Timeframe(reader.choice("timeframe", TABS) or Timeframe.WEEKLY)
    now = clock.now()
    async with database.read() as session:
        board = await service.leaderboard(session, viewer, shown, now)
        group = await service.weekly_group(session, viewer, now) if shown == Timeframe.WEEKLY else []
    return page(
        request,
        "gamification/boards/leaderboard.html",
        viewer=viewer,
        board=board,
        group=group,
        tabs=TABS,
        problems=reader.problems,
    )


@post(f"{HERE}/name")
async def change_name(
    request: AnyRequest, viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Redirect:
    """Form fields: `action`, hide or show, and `timeframe` of the page to return to."""
    form = await Form.read(request)
    if form["action"] not in ("hide", "show"):
        raise NotFound(NO_ACTION)
    hidden = form["action"] == "hide"
    await people.hide_name(database, viewer.id, hidden=hidden)
    told = _("Your name is hidden on all boards.") if hidden else _("Your name is shown on the boards again.")
    timeframe = form["timeframe"] if form["timeframe"] in TABS else Timeframe.WEEKLY
    return redirect(f"{HERE}?timeframe={timeframe}", told)


@get(ADMIN)
async def boards_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    async with database.read() as session:
        on, last = await boards_on(session), await tasks.last(session, clock.now())
        zone = (await institution.shown(session)).time_zone
    return page(
        request, "gamification/boards/administer.html", viewer=administrator, on=on, last=last, zone=zone
    )


@post(ADMIN)
async def change_boards(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    """Form field `action`: on, off or rebuild. Idempotent."""
    action = (await Form.read(request))["action"]
    if action == "rebuild":
        await tasks.ask(database, clock.now())
        return redirect(ADMIN, _("The boards are rebuilt within a few seconds."), "info")
    if action not in ("on", "off"):
        raise NotFound(NO_ACTION)
    await switch_boards(database, clock.now(), on=action == "on", by=administrator.id)
    request.app.state["boards"].forget()
    return redirect(ADMIN, _("Leaderboards are on.") if action == "on" else _("Leaderboards are off."))


async def refresh(request: Request[Any, Any, Any]) -> None:
    """Before each page: whether the navigation bar has an entry for the boards."""
    await request.app.state["boards"].refresh()


ROUTES: list[ControllerRouterHandler] = [leaderboard_page, change_name, boards_page, change_boards]
