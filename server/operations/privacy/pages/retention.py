"""How long kinds of data are kept: the limits, what they would delete, and the confirmation."""

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
from server.operations.privacy import retention, rules
from storage.database.engine import Database
from storage.states.privacy import RetentionKind

HERE = "/admin/retention"


@get(HERE)
async def retention_page(
    request: AnyRequest, administrator: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    return await _page(request, administrator, database, Form())


@post(HERE, status_code=200)
async def change_retention(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form fields by kind: months, empty to keep. Without `confirmed`, the page says what would go; a form
    that deletes nothing is saved at once."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, database, form)
    try:
        wanted = rules.clean_limits({kind: form[kind] for kind in RetentionKind})
    except Invalid as problem:
        return await _page(request, administrator, database, form.refused(problem))
    if not form.checked("confirmed"):
        async with database.read() as session:
            counts = await retention.reached(session, wanted, clock.now())
        if any(counts.values()):
            return await _page(request, administrator, database, form, counts)
    await retention.save(database, wanted, clock.now(), by=administrator.id)
    return redirect(HERE, _("Saved. What has reached its limit is deleted every night."))


async def _page(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    form: Form,
    counts: dict[RetentionKind, int] | None = None,
) -> Template:
    """`counts`: what the typed limits would delete, to be confirmed."""
    async with database.read() as session:
        limits = await retention.limits(session)
    return page(
        request,
        "privacy/retention.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        limits=limits,
        counts=counts,
        kinds=list(RetentionKind),
    )


ROUTES: list[ControllerRouterHandler] = [retention_page, change_retention]
