"""The composition root of the web server: one table of features, one place that wires them."""

from collections.abc import Sequence

from litestar import Litestar
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.datastructures import State
from litestar.di import Provide
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler

import server.accounts.api
import server.accounts.pages
import server.library.api
import server.library.pages
import server.operations.api
import server.operations.pages
import server.playback.api
import server.playback.pages
import server.uploads.api
import server.uploads.pages
from server.kit.clock import Clock, SystemClock
from server.settings import Settings
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from transcoder.queue import Queue
from web import STATIC, TEMPLATES

ROUTES: Sequence[Sequence[ControllerRouterHandler]] = (
    server.accounts.api.ROUTES,
    server.accounts.pages.ROUTES,
    server.library.api.ROUTES,
    server.library.pages.ROUTES,
    server.uploads.api.ROUTES,
    server.uploads.pages.ROUTES,
    server.playback.api.ROUTES,
    server.playback.pages.ROUTES,
    server.operations.api.ROUTES,
    server.operations.pages.ROUTES,
)


def create_app(
    settings: Settings, *, database: Database, store: ObjectStore, queue: Queue, clock: Clock | None = None
) -> Litestar:
    services = {
        "settings": settings,
        "database": database,
        "store": store,
        "queue": queue,
        "clock": clock or SystemClock(),
    }
    return Litestar(
        route_handlers=[
            *(handler for routes in ROUTES for handler in routes),
            create_static_files_router(path="/static", directories=[STATIC]),
        ],
        dependencies={
            name: Provide(lambda value=value: value, sync_to_thread=False) for name, value in services.items()
        },
        template_config=TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine),
        state=State(services),
    )
