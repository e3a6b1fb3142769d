"""XP values: what each fact is worth, since when, and the form that changes them."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.gamification.changes import entering, service, viewing
from server.gamification.changes.rules import ValuesChange
from server.institution import service as institution
from storage.database.engine import Database

HERE = "/admin/rules"
CHANGES = f"{HERE}/changes"


@get(HERE)
async def values_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _page(request, administrator, database, clock, Form())


@post(HERE)
async def propose_values(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """A field for each rule, named as the rule. Nothing changes before the next page."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, database, clock, form)
    try:
        amounts = entering.clean_amounts(form.values)
        async with database.read() as session:
            now = {one.rule: one.amount for one in await viewing.values(session, clock.now())}
        new = {rule: amount for rule, amount in amounts.items() if now[rule] != amount}
        change_id = await service.propose(database, administrator, ValuesChange(new), clock.now())
    except Invalid as problem:
        return await _page(request, administrator, database, clock, form.refused(problem))
    return redirect(f"{CHANGES}/{change_id}", saved=form[KEY])


async def _page(
    request: AnyRequest, viewer: Viewer, database: Database, clock: Clock, form: Form
) -> Template:
    async with database.read() as session:
        values = await viewing.values(session, clock.now())
        drafts, applied = await viewing.changes(session)
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "gamification/admin_values.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        values=values,
        drafts=drafts,
        applied=applied,
        zone=zone,
    )


ROUTES: list[ControllerRouterHandler] = [values_page, propose_values]
