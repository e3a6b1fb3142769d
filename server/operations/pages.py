"""The first page of administration: is everything well, and what is going on."""

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts import institution, people
from server.accounts.identity import Viewer
from server.accounts.provide import AnyRequest
from server.kit.clock import Clock
from server.kit.i18n import marked
from server.kit.pages import page
from server.operations import failures
from server.operations.health import Health
from server.operations.provide import DEPENDENCIES
from server.operations.service import glance
from server.services import Services

CHECKS = {
    "database": marked("Database"),
    "queue": marked("Queue"),
    "objects": marked("Files"),
    "workers": marked("Workers"),
}


@get("/admin", dependencies=DEPENDENCIES)
async def overview(
    request: AnyRequest, administrator: Viewer, services: Services, health: Health, clock: Clock
) -> Template:
    now = clock.now()
    seen = await glance(services, await health.checks(now), now)
    async with services.database.read() as session:
        failed = await failures.latest(session)
    return page(
        request,
        "operations/overview.html",
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
