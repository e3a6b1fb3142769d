"""Health checks and metrics for monitoring."""

from urllib.parse import urlsplit

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Forbidden
from server.core.web.metrics import RequestMetrics
from server.operations import metrics
from server.operations.health import Check, Health
from server.services import Services
from storage.messages import N_

LOOPBACK = ("127.0.0.1", "::1", "localhost")
FORWARDED = {"x-forwarded-for", "forwarded", "x-real-ip", "via"}


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
    request_metrics: NamedDependency[RequestMetrics],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Prometheus metrics, for administrators; without a public address also for programs on this machine.

    With one there may be a proxy here, whose requests look like a local program's.
    """
    peer = request.client.host if request.client else ""
    public = urlsplit(services.settings.public_url).hostname not in LOOPBACK
    direct = peer in LOOPBACK and not public and not FORWARDED & set(request.headers)
    if not direct and not (maybe_viewer and maybe_viewer.is_administrator):
        raise Forbidden(N_("Only administrators may read the metrics: send the token of one."))
    body = await metrics.exposition(services, request_metrics, clock.now())
    return Response(body, headers={"content-type": metrics.CONTENT_TYPE})


ROUTES: list[ControllerRouterHandler] = [live, ready, prometheus]
