"""The composition root of the web server: one table of features, one place that wires them."""

import asyncio
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
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
from server.accounts import provide
from server.accounts.cookies import cookie_name
from server.accounts.institution import show_name_from_the_start
from server.kit import openapi, problems
from server.kit.clock import Clock, SystemClock
from server.kit.compression import TextCompression
from server.kit.csrf import CsrfMiddleware
from server.kit.headers import response_headers
from server.kit.pages import PagesPlugin
from server.playback.posters import Posters
from server.settings import Settings
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from transcoder.queue import Queue

API: Sequence[Sequence[ControllerRouterHandler]] = (
    server.accounts.api.ROUTES,
    server.library.api.ROUTES,
    server.uploads.api.ROUTES,
    server.playback.api.ROUTES,
    server.operations.api.ROUTES,
    openapi.ROUTES,
)
PAGES: Sequence[Sequence[ControllerRouterHandler]] = (
    server.accounts.pages.ROUTES,
    server.library.pages.ROUTES,
    server.uploads.pages.ROUTES,
    server.playback.pages.ROUTES,
    server.operations.pages.ROUTES,
)
REQUEST_BYTES = 2 * 2**20  # forms and JSON; routes that take files say so themselves


def create_app(
    settings: Settings,
    *,
    database: Database,
    store: ObjectStore,
    queue: Queue,
    clock: Clock | None = None,
    leaving: asyncio.Event | None = None,
) -> Litestar:
    """`leaving` is set when the server is told to end: answers without an end of their own then end."""
    clock = clock or SystemClock()
    services = {
        "settings": settings,
        "database": database,
        "store": store,
        "queue": queue,
        "clock": clock,
    }
    bound = {"posters": Posters(database, clock)}  # what an earlier feature asks of a later one
    public_url = settings.public_url
    return Litestar(
        route_handlers=[
            Router("/", route_handlers=_flat(API)),
            Router("/", route_handlers=_flat(PAGES), include_in_schema=False),
        ],
        dependencies={
            **{name: _always(value) for name, value in {**services, **bound}.items()},
            **{name: Provide(getattr(provide, name)) for name in provide.NAMES},
        },
        plugins=[PagesPlugin()],
        middleware=[TextCompression(), CsrfMiddleware(cookie_name(public_url))],
        exception_handlers=problems.HANDLERS,
        on_startup=[show_name_from_the_start],
        on_shutdown=[server.playback.api.let_go],
        before_send=[response_headers(https=public_url.startswith("https:"))],
        openapi_config=openapi.openapi_config(version("skillstudio")),
        request_max_body_size=REQUEST_BYTES,
        logging_config=None,  # the process that serves this has set it up
        state=State({**services, "leaving": leaving or asyncio.Event()}),
    )


def _flat(features: Sequence[Sequence[ControllerRouterHandler]]) -> list[ControllerRouterHandler]:
    return [handler for routes in features for handler in routes]


def _always(value: object) -> Provide:
    def give() -> Any:
        return value

    return Provide(give, use_cache=True, sync_to_thread=False)
