"""For machines: is it up, can it work, how much does it do."""

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

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@get("/health/live")
async def live() -> dict[str, str]:
    """This process answers."""
    return {"status": "live"}


@get("/health/ready")
async def ready(
    health: NamedDependency[Health], clock: NamedDependency[Clock]
) -> Response[dict[str, str | dict[str, Check]]]:
    """200 when a page can be served and a job can run, else 503; the checks either way."""
    checks = await health.checks(clock.now())
    well = all(check.ok for check in checks.values())
    return Response(
        {"status": "ready" if well else "not ready", "checks": checks}, status_code=200 if well else 503
    )


@get("/metrics", media_type=MediaType.TEXT, include_in_schema=False)
async def prometheus(
    request: AnyRequest,
    maybe_viewer: NamedDependency[Viewer | None],
    services: NamedDependency[Services],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """For administrators and for programs on this machine that no proxy speaks for."""
    peer = request.client.host if request.client else ""
    direct = peer in LOOPBACK and not {"x-forwarded-for", "forwarded"} & set(request.headers)
    if not direct and not (maybe_viewer and maybe_viewer.is_administrator):
        raise Forbidden("Only administrators and programs on this machine may read the metrics.")
    body = await metrics.exposition(services, clock.now())
    return Response(body, headers={"content-type": metrics.CONTENT_TYPE})


ROUTES: list[ControllerRouterHandler] = [live, ready, prometheus]
