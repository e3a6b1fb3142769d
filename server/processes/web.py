"""The web server: granian inside this process, the application around the opened services."""

import asyncio
import signal

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp

from server.app import create_app
from server.core.logging import configure_logging
from server.core.web.access_log import AccessLog
from server.services import open_services
from server.settings import Settings

log = structlog.get_logger(__name__)

BACKLOG = 1024  # connections that wait to be accepted
MAX_REQUESTS = 2048  # requests in progress; each open progress page holds one
GRACE = 8  # seconds that answers in progress get when the server is told to end


def application(settings: Settings, stopping: asyncio.Event | None = None) -> ASGIApp:
    """Everything is opened here and closed by the lifespan's end."""
    services = open_services(settings)
    app = create_app(services, stopping=stopping)
    app.on_shutdown.append(services.close)
    return AccessLog(app)


def serve(settings: Settings) -> None:
    """Blocks until SIGTERM or SIGINT."""
    configure_logging(settings.log_level, settings.log_format)
    import uvloop

    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    """One process, embedded: granian's own worker processes would outlive a killed parent.

    More processes share the port by SO_REUSEPORT, which granian sets. Only the headers have a
    time limit (30 s): a body may take as long as a slow line needs for 10 GB.
    """
    asked = asyncio.Event()
    server = Server(
        application(settings, asked),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # HTTP/2 belongs to the proxy that has the certificate
        websockets=False,
        backlog=BACKLOG,
        backpressure=MAX_REQUESTS,
        log_enabled=False,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(asked.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait([serving], timeout=GRACE)
    serving.cancel()
    stopping.cancel()
    await asyncio.gather(serving, stopping, return_exceptions=True)
