"""System health and the dashboard in one answer, for administrators (spec section 3)."""

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.analytics.api import BASE, DAYS, TAGS
from server.analytics.schemas import AskedDays
from server.core.clock import Clock
from server.core.text.formats import translated
from server.operations.health import Health
from server.operations.system import service
from server.operations.system.service import Dashboard, Light, SystemHealth
from server.services import Services


@get(f"{BASE}/system-health", tags=TAGS)
async def show_system_health(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    services: NamedDependency[Services],
    health: NamedDependency[Health],
    clock: NamedDependency[Clock],
) -> SystemHealth:
    """Queue, workers, disk, database, object store, sessions, version; what to do about what fails."""
    return _told(await service.system_health(services, health, clock.now()))


@get(f"{BASE}/dashboard", tags=TAGS, dependencies=DAYS)
async def show_dashboard(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    services: NamedDependency[Services],
    health: NamedDependency[Health],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
) -> Dashboard:
    """Everything at once: overview, growth, engagement, revenue, top courses and instructors, health."""
    found = await service.dashboard(services, health, asked, clock.now())
    return msgspec.structs.replace(found, system_health=_told(found.system_health))


def _told(health: SystemHealth) -> SystemHealth:
    """In the reader's language."""
    lights = {
        name: Light(ok=light.ok, says=translated(light.says), remedy=translated(light.remedy))
        for name, light in health.lights.items()
    }
    return msgspec.structs.replace(health, lights=lights)


ROUTES: list[ControllerRouterHandler] = [show_system_health, show_dashboard]
