"""Health checks and metrics for monitoring."""

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Forbidden
from server.operations import metrics
from server.operations.health import Check, Health
from server.services import Services
from storage.messages import N_

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@get("/health/live")
async def live() -> dict[str, str]:
    """Liveness: this process answers."""
    return {"status": "live"}


@get("/health/ready")
async def ready(
    health: NamedDependency[Health], clock: NamedDependency[Clock]
) -> Response[dict[str, str | dict[str, Check]]]:
    """Readiness: 200 when a page can be served and a job can run, else 503; the checks in both cases."""
    checks = await health.checks(clock.now())
    healthy = all(check.ok for check in checks.values())
    return Response(
        {"status": "ready" if healthy else "not ready", "checks": checks}, status_code=200 if healthy else 503
    )


@get("/metrics", media_type=MediaType.TEXT, include_in_schema=False)
async def prometheus(
    request: AnyRequest,
    maybe_viewer: NamedDependency[Viewer | None],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Prometheus metrics, for administrators and for local programs that do not come through a proxy."""
    peer = request.client.host if request.client else ""
    direct = peer in LOOPBACK and not {"x-forwarded-for", "forwarded"} & set(request.headers)
    if not direct and not (maybe_viewer and maybe_viewer.is_administrator):
        raise Forbidden(N_("Only administrators and programs on this machine may read the metrics."))
    body = await metrics.exposition(services, clock.now())
    return Response(body, headers={"content-type": metrics.CONTENT_TYPE})


ROUTES: list[ControllerRouterHandler] = [live, ready, prometheus]
