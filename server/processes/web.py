"""Web server: granian embedded in this process, with the application and its services."""

import asyncio
import gc
import resource
import signal
from contextlib import closing

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp

from server.analytics.ahead import keep_counted
from server.app import create_app
from server.core.clock import SystemClock
from server.core.logging import configure_logging
from server.core.schedule import run_tasks, this_host
from server.core.web.metrics import RequestMetrics, shared_metrics
from server.core.web.middleware.access_log import AccessLog
from server.core.web.middleware.head import AnswersHead
from server.core.web.middleware.host_header import ChecksHost
from server.core.web.middleware.limits.connection_limit import ConnectionLimit
from server.core.web.middleware.limits.turns import Turns
from server.core.web.middleware.unread_bodies import ClosesUnreadBodies
from server.processes.away import wait_for_services
from server.processes.supervision.pulse import beat
from server.services import Services, services
from server.settings import Settings
from server.uploads.hosts.rows import keep_announced
from server.watching.heartbeats.entrance import HeartbeatEntrance
from server.wiring import TASKS, bind

log = structlog.get_logger(__name__)

BACKLOG = 1024  # connections waiting to be accepted
MAX_REQUESTS = 2048  # requests in progress; each open progress page holds one
FILES = 2048  # open files besides the connections: the files that are sent, the database
GRACE = 8  # seconds for responses in progress at shutdown


def application(
    opened: Services, stopping: asyncio.Event | None = None, metrics: RequestMetrics | None = None
) -> ASGIApp:
    metrics, proxies = metrics or RequestMetrics(), opened.settings.proxies
    app = create_app(opened, stopping=stopping, metrics=metrics)
    checked = Turns(ClosesUnreadBodies(AnswersHead(ChecksHost(app))), proxies=proxies)
    return AccessLog(HeartbeatEntrance(checked, app), metrics, proxies=proxies)


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    configure_logging(settings.log_level, settings.log_format)
    import uvloop

    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    """Embedded server in one process: granian's own worker processes would outlive a killed parent.

    More processes share the port by SO_REUSEPORT, which granian sets. Only the headers have a
    time limit (30 s): a body may take as long as a slow connection needs for 10 GB.
    """
    stop_signal = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop_signal.set)
    async with services(settings) as opened:
        bind(opened.database)
        with closing(shared_metrics(settings.run_folder / "metrics")) as metrics:
            beating = asyncio.create_task(beat(settings.run_folder))
            await asyncio.gather(
                _answer_requests(settings, opened, stop_signal, metrics),
                _care_for_host(opened, stop_signal),
                keep_counted(opened.database, SystemClock(), stop_signal),
                wait_for_services(opened, stop_signal),
            )
            beating.cancel()


async def _care_for_host(opened: Services, stopping: asyncio.Event) -> None:
    """Tasks about this machine's files, which a machine without a scheduler needs too; one with it shares
    their leased rows. Ends within schedule.STOP_SECONDS."""
    tasks = [task for task in TASKS if task.per_host]
    address = opened.settings.internal_address
    await asyncio.gather(
        keep_announced(opened.database, this_host(), address, stopping),
        run_tasks(opened, tasks, SystemClock(), stopping),
    )


def _places() -> int:
    """Connections at once: MAX_REQUESTS, or what the limit of open files leaves. That is raised as far as it
    may be: many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_REQUESTS + FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(MAX_REQUESTS, max(soft - FILES, soft // 2))


async def _answer_requests(
    settings: Settings, opened: Services, stop_signal: asyncio.Event, metrics: RequestMetrics
) -> None:
    limited = ConnectionLimit(application(opened, stop_signal, metrics), settings.port)
    # What is loaded stays: collections look at new objects only.
    gc.collect()
    gc.freeze()
    server = Server(
        limited,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # HTTP/2 belongs to the proxy that has the certificate
        websockets=False,
        backlog=BACKLOG,
        backpressure=_places(),
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop_signal.wait())
    # Behind a proxy all connections are the proxy's, which has limits of its own.
    watching = [] if settings.proxies else [asyncio.create_task(limited.watch(stop_signal))]
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stop_signal.set()  # also when serving has failed
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait([serving], timeout=GRACE)
    serving.cancel()
    stopping.cancel()
    await asyncio.gather(serving, stopping, *watching, return_exceptions=True)
