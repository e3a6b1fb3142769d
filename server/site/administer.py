"""Administration overview: health, queues, failures and people."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.core.clock import Clock
from server.core.web.pages import page
from server.institution import service as institution
from server.operations import failures
from server.operations.health import Health
from server.operations.service import glance
from server.services import Services
from storage.messages import N_

CHECKS = {
    "database": N_("Database"),
    "queue": N_("Queue"),
    "objects": N_("Files"),
    "workers": N_("Workers"),
}


@get("/admin")
async def overview(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    health: NamedDependency[Health],
    clock: NamedDependency[Clock],
) -> Template:
    now = clock.now()
    seen = await glance(services, await health.checks(now), now)
    async with services.database.read() as session:
        failed = await failures.latest(session)
    return page(
        request,
        "site/administer.html",
        viewer=administrator,
        glance=seen,
        checks=[(CHECKS[name], check) for name, check in seen.checks.items()],
        waiting=sum(queue.waiting for queue in seen.queues),
        oldest=max((queue.oldest_seconds or 0.0 for queue in seen.queues), default=0.0),
        failures=failed,
        people=await people.count(services.database),
        zone=(await institution.get(services.database)).time_zone,
    )


ROUTES: list[ControllerRouterHandler] = [overview]
