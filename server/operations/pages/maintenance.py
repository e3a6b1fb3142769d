"""Maintenance mode: whether it is on, and the form that begins, changes and ends it."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from server.operations.upkeep import maintenance
from storage.database.engine import Database

HERE = "/admin/maintenance"


@get(HERE)
async def maintenance_page(
    request: AnyRequest, administrator: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    return await _page(request, administrator, database, Form())


@post(HERE)
async def change_maintenance(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    maintenance: NamedDependency[maintenance.MaintenanceState],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `mode`: on, with `message` and `until`, or off. Idempotent."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, database, form)
    try:
        await _change(database, form, clock, administrator.id)
    except Invalid as problem:
        return await _page(request, administrator, database, form.refused(problem))
    maintenance.forget()
    if form["mode"] == "off":
        return redirect("/admin", _("Maintenance has ended. Everybody can go on."))
    return redirect("/admin", _("Maintenance has begun. Only administrators can work now."), "info")


async def _change(database: Database, form: Form, clock: Clock, by: str) -> None:
    if form["mode"] == "off":
        await maintenance.turn_off(database, clock.now(), by=by)
    else:
        await maintenance.turn_on(database, form["message"], form["until"], clock.now(), by=by)


async def _page(request: AnyRequest, viewer: Viewer, database: Database, form: Form) -> Template:
    async with database.read() as session:
        notice = await maintenance.current(session)
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "operations/maintenance.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        notice=notice,
        zone=zone,
    )


ROUTES: list[ControllerRouterHandler] = [maintenance_page, change_maintenance]
