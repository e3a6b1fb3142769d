"""Administration page: panels of health, encodings, failures, workers and scheduled tasks."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.core import schedule
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.pages import page
from server.institution import service as institution
from server.operations import panels
from server.operations.health import Health
from server.operations.notices import service as notices
from server.operations.service import glance, space
from server.outbox import panels as outbox
from server.services import Services
from server.wiring import TASKS
from storage.database.engine import Database
from storage.messages import N_


@get("/admin")
async def overview(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    health: NamedDependency[Health],
    clock: NamedDependency[Clock],
) -> Template:
    now = clock.now()
    is_told = bool(services.settings.smtp_url or services.settings.webhook_url)
    checks = await health.checks(now)
    free = await space(services, checks)
    async with services.database.read() as session:
        seen = await glance(session, services, checks, free, now)
        shown = [
            await panels.upkeep(session),
            panels.health(seen, await notices.shown(session), is_told=is_told),
            panels.figures(seen),
            panels.encodings(seen),
            await panels.failed(session),
            await outbox.messages(session),
            panels.workers(seen),
            await panels.scheduled(session, TASKS, now),
            panels.facts(seen, await people.counts(session)),
        ]
        place = await institution.shown(session)
    return page(
        request,
        "site/administer.html",
        viewer=administrator,
        panels=list(filter(None, shown)),
        zone=place.time_zone,
    )


@post("/admin/tasks/{name:str}/run")
async def run_task(
    name: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Make a scheduled task due now."""
    if not await schedule.run_now(database, name, clock.now(), by=administrator.id):
        raise NotFound(N_("There is no such task."))
    return redirect("/admin#tasks", _("The task runs within a few seconds."), "info")


ROUTES: list[ControllerRouterHandler] = [overview, run_task]
