"""Old originals: how long they are kept, which ones are marked, kept and removed, and undo."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from server.operations.upkeep import originals
from storage.database.engine import Database
from transcoder.jobs import originals as removal

HERE = "/admin/originals"


@get(HERE)
async def originals_page(
    request: AnyRequest, administrator: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    return await _page(request, administrator, database, Form())


@post(HERE)
async def limit_age(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `days`."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, database, form)
    try:
        days = await originals.limit_age(database, form["days"], clock.now(), by=administrator.id)
    except Invalid as problem:
        return await _page(request, administrator, database, form.refused(problem))
    if days is None:
        return redirect(HERE, _("All originals are kept."))
    return redirect(HERE, _("Saved. Older originals are marked tonight, and deleted 30 days later."))


@post(f"{HERE}/keep")
async def keep(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    """Form field `video`: the id of one revision, or "all"."""
    chosen = (await Form.read(request))["video"]
    count = await removal.keep(database, None if chosen == "all" else [chosen], clock.now())
    if not count:
        return redirect(HERE, _("Nothing was marked any more."), "warning")
    told = ngettext("%(number)s original is kept.", "%(number)s originals are kept.", count)
    return redirect(HERE, told % {"number": number(count)})


async def _page(request: AnyRequest, viewer: Viewer, database: Database, form: Form) -> Template:
    async with database.read() as session:
        found = await originals.shown(session, originals.OPTIONS.read(request.query_params))
        waiting = await originals.waiting(session)
        days = await originals.days_kept(session)
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "operations/originals.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        found=found,
        waiting=waiting,
        days=days,
        zone=zone,
    )


ROUTES: list[ControllerRouterHandler] = [originals_page, limit_age, keep]
