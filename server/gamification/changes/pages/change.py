"""A change of rules: what it would do, and from when it is applied."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Conflict, Invalid
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.gamification.changes import service, viewing
from server.gamification.changes.pages.values import CHANGES, HERE
from server.institution import service as institution
from storage.database.engine import Database

ONE = f"{CHANGES}/{{change_id:str}}"


@get(ONE)
async def change_page(
    request: AnyRequest,
    change_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _page(request, change_id, administrator, database, clock, Form())


@post(f"{ONE}/apply")
async def apply_change(
    request: AnyRequest,
    change_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `scope`: from_now or from_beginning. Idempotent."""
    form = await Form.read(request)
    try:
        await service.apply(database, change_id, form["scope"], administrator.id, clock.now())
    except (Invalid, Conflict) as problem:
        return await _page(request, change_id, administrator, database, clock, form.refused(problem))
    return redirect(f"{CHANGES}/{change_id}", _("The change is applied."))


@post(f"{ONE}/discard")
async def discard_change(
    change_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> Response[Any]:
    await service.discard(database, change_id)
    return redirect(HERE, _("The change is discarded. Nothing was changed."), "info")


async def _page(
    request: AnyRequest, change_id: str, viewer: Viewer, database: Database, clock: Clock, form: Form
) -> Template:
    async with database.read() as session:
        change = await viewing.change(session, change_id)
        affected = await viewing.people(session, change_id, request.query_params.get("page", "1"))
        values = await viewing.values(session, clock.now())
        achievements = await viewing.achievements(session, clock.now())
        since = await service.since_now(session, clock.now())
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "gamification/admin_change.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        change=change,
        kind=change.change.__struct_config__.tag,
        affected=affected,
        amounts={one.rule: one.amount for one in values},
        achievements={one.id: one for one in achievements},
        tomorrow=since.day,
        zone=zone,
    )


ROUTES: list[ControllerRouterHandler] = [change_page, apply_change, discard_change]
