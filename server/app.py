"""Composition root of the web server: its routes, and all objects with the application's lifetime."""

import asyncio
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler, Scope

import server.accounts.api
import server.accounts.pages
import server.analytics.api
import server.analytics.console.api
import server.analytics.console.pages
import server.analytics.payments.api
import server.analytics.payments.pages
import server.analytics.teaching.api
import server.analytics.teaching.pages
import server.encoding.api
import server.gamification.boards.api
import server.gamification.boards.pages
import server.gamification.changes.api
import server.gamification.changes.pages
import server.gamification.learner.api
import server.gamification.learner.pages
import server.gamification.teams.api
import server.gamification.teams.challenges.api
import server.gamification.teams.challenges.pages
import server.gamification.teams.pages
import server.institution.api
import server.learning.api
import server.learning.certificates.api
import server.learning.certificates.pages
import server.learning.discussion.api
import server.learning.discussion.pages
import server.learning.enrolling.api
import server.learning.enrolling.pages
import server.learning.learners.api
import server.learning.learners.pages
import server.learning.quizzes.api
import server.learning.quizzes.pages
import server.learning.reviews.api
import server.learning.reviews.pages
import server.library.api
import server.library.pages
import server.operations.api
import server.operations.institution.api
import server.operations.institution.pages
import server.operations.pages
import server.operations.privacy.api
import server.operations.privacy.pages
import server.operations.system.api
import server.playback.api
import server.site
import server.uploads.api
import server.watching.api
from server.accounts import dependencies
from server.accounts.signing_in.presence import Presence
from server.core.clock import Clock, SystemClock
from server.core.live import Hub
from server.core.web import exception_handlers, flash, openapi
from server.core.web.headers import response_headers
from server.core.web.metrics import RequestMetrics
from server.core.web.middleware.compression import TextCompression
from server.core.web.middleware.csrf import CsrfMiddleware
from server.core.web.middleware.limits.admission import Admission
from server.core.web.middleware.maintenance import MaintenanceMode
from server.core.web.pages import PagesPlugin
from server.gamification.boards.pages import refresh
from server.gamification.boards.switch import BoardsSwitch
from server.gamification.learner.shares import AchievementShares
from server.institution.cache import InstitutionCache
from server.learning.files.context import FileContext
from server.learning.talk import Talk
from server.operations.health import Health
from server.operations.upkeep.maintenance import MaintenanceState
from server.playback.delivery import Delivery
from server.playback.edge import EdgeCache
from server.playback.media_urls import MediaUrls
from server.playback.playlists import Playlists
from server.playback.signing import SigningKeys
from server.services import Services
from server.uploads.context import UploadContext
from server.watching.deliveries import Deliveries
from server.watching.heartbeats.intake import Intake
from server.wiring import bind

API: Sequence[Sequence[ControllerRouterHandler]] = (
    server.accounts.api.ROUTES,
    server.library.api.ROUTES,
    server.uploads.api.ROUTES,
    server.encoding.api.ROUTES,
    server.playback.api.ROUTES,
    server.watching.api.ROUTES,
    server.learning.api.ROUTES,
    server.gamification.learner.api.ROUTES,
    server.gamification.teams.api.ROUTES,
    server.gamification.teams.challenges.api.ROUTES,
    server.institution.api.ROUTES,
    server.operations.institution.api.ROUTES,
    server.gamification.boards.api.ROUTES,
    server.gamification.changes.api.ROUTES,
    server.learning.enrolling.api.ROUTES,
    server.learning.certificates.api.ROUTES,
    server.learning.quizzes.api.ROUTES,
    server.learning.discussion.api.ROUTES,
    server.learning.reviews.api.ROUTES,
    server.learning.learners.api.ROUTES,
    server.analytics.api.ROUTES,
    server.analytics.console.api.ROUTES,
    server.analytics.teaching.api.ROUTES,
    server.operations.system.api.ROUTES,
    server.analytics.payments.api.ROUTES,
    server.operations.api.ROUTES,
    openapi.ROUTES,
)
PAGES: Sequence[Sequence[ControllerRouterHandler]] = (
    server.accounts.pages.ROUTES,
    server.library.pages.ROUTES,
    server.learning.enrolling.pages.ROUTES,
    server.learning.certificates.pages.ROUTES,
    server.learning.quizzes.pages.ROUTES,
    server.learning.discussion.pages.ROUTES,
    server.learning.reviews.pages.ROUTES,
    server.learning.learners.pages.ROUTES,
    server.gamification.learner.pages.ROUTES,
    server.gamification.teams.pages.ROUTES,
    server.gamification.teams.challenges.pages.ROUTES,
    server.operations.institution.pages.ROUTES,
    server.gamification.boards.pages.ROUTES,
    server.analytics.payments.pages.ROUTES,
    server.analytics.console.pages.ROUTES,
    server.analytics.teaching.pages.ROUTES,
    server.operations.pages.ROUTES,
    server.operations.privacy.api.ROUTES,
    server.operations.privacy.pages.ROUTES,
    server.gamification.changes.pages.ROUTES,
    server.site.ROUTES,
)
REQUEST_BYTES = 2 * 2**20  # forms and JSON; routes that accept files set their own limit


def create_app(
    services: Services,
    *,
    clock: Clock | None = None,
    stopping: asyncio.Event | None = None,
    metrics: RequestMetrics | None = None,
) -> Litestar:
    """Litestar application. `stopping` is set at shutdown and ends the event streams; `metrics` are those
    of the process that serves it."""
    clock = clock or SystemClock()
    bind(services.database)
    built = build(services, clock, stopping or asyncio.Event(), metrics or RequestMetrics())
    public_url = services.settings.public_url
    return Litestar(
        route_handlers=[
            Router("/", route_handlers=_flat(API)),
            Router("/", route_handlers=_flat(PAGES), include_in_schema=False, before_request=refresh),
        ],
        dependencies={
            **{name: Provide(_of_application(name), sync_to_thread=False) for name in built},
            **{name: Provide(getattr(dependencies, name)) for name in dependencies.NAMES},
        },
        plugins=[PagesPlugin()],
        middleware=[
            Admission(services.settings.proxies),
            TextCompression(),
            MaintenanceMode(dependencies.is_administrator),
            CsrfMiddleware(public_url),
        ],
        exception_handlers={**exception_handlers.HANDLERS, **server.accounts.pages.HANDLERS},
        on_startup=[_load_institution, flash.load_keys],
        on_shutdown=[server.playback.api.close_delivery, server.watching.api.close],
        before_send=[response_headers(https=public_url.startswith("https:")), flash.sign_cookie],
        openapi_config=openapi.openapi_config(version("skillstudio")),
        request_max_body_size=REQUEST_BYTES,
        logging_config=None,  # configured by the serving process
        state=State(built),
    )


def build(
    services: Services, clock: Clock, stopping: asyncio.Event, metrics: RequestMetrics
) -> dict[str, Any]:
    """Dependencies with the lifetime of the application, by their names in handlers."""
    settings, database, store = services.settings, services.database, services.store
    signing_keys = SigningKeys(database, clock, time.monotonic)
    deliveries = Deliveries(database)
    return {
        "services": services,
        "settings": settings,
        "database": database,
        "store": store,
        "queue": services.queue,
        "clock": clock,
        "presence": Presence(database, time.monotonic),
        "hub": Hub(stopping),
        "health": Health(services),
        "request_metrics": metrics,
        "maintenance": MaintenanceState(database, time.monotonic),
        "institution_cache": InstitutionCache(database, time.monotonic),
        "upload_context": UploadContext.of(services),
        "file_context": FileContext.of(services),
        "boards": BoardsSwitch(database, time.monotonic),  # asked by every page
        "signing_keys": signing_keys,
        "talk": Talk(),  # shown by library, read by learning
        "media_urls": MediaUrls(clock, signing_keys),  # shown by library, signed by playback
        "delivery": Delivery(
            playlists=Playlists(database, time.monotonic),
            edge=EdgeCache(store, settings.edge_folder, settings.edge_bytes),
            signing_keys=signing_keys,
            clock=clock,
            delivered=deliveries.note,
        ),
        "deliveries": deliveries,
        "intake": Intake(database, signing_keys, clock),
        "achievement_shares": AchievementShares(database, time.monotonic),
    }


async def _load_institution(app: Litestar) -> None:
    """So that the first page has its name and looks, also where the database is away afterwards."""
    await app.state["institution_cache"].load()


def _flat(features: Sequence[Sequence[ControllerRouterHandler]]) -> list[ControllerRouterHandler]:
    return [handler for routes in features for handler in routes]


def _of_application(name: str) -> Callable[[Scope], Any]:
    def get(scope: Scope) -> Any:
        return scope["litestar_app"].state[name]

    return get
