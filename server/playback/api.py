"""`/m/…` for players, and what a page asks about a lesson's playback."""

import time
from typing import cast

from litestar import Litestar, asgi, get
from litestar.types import ControllerRouterHandler, HTTPScope, Receive, Scope, Send

from server.accounts.identity import Viewer
from server.accounts.keys import live_keys
from server.kit.clock import Clock
from server.library.access import lesson_for_learning
from server.playback.delivery import Delivery
from server.playback.edge import EdgeCache
from server.playback.playlists import Playlists
from server.playback.schemas import Playback
from server.playback.service import playback
from server.playback.signing import PURPOSE, SigningKeys
from server.settings import Settings
from storage.database.engine import Database
from storage.objects.store import ObjectStore


@get("/api/video/playback/{lesson_id:str}", tags=["Video"])
async def playback_of(lesson_id: str, viewer: Viewer, database: Database, clock: Clock) -> Playback:
    """What the viewer may play of this lesson, with addresses that end some hours after its length."""
    keys = await live_keys(database, PURPOSE, clock.now())
    async with database.read() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        return await playback(session, lesson, viewer.id, keys, clock.now())


@asgi("/m", is_mount=True, copy_scope=True)
async def media(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    await delivery(scope["litestar_app"]).answer(cast("HTTPScope", scope), send)


def delivery(app: Litestar) -> Delivery:
    """One per process, made at the first request."""
    if "delivery" not in app.state:
        settings: Settings = app.state["settings"]
        database: Database = app.state["database"]
        store: ObjectStore = app.state["store"]
        app.state["delivery"] = Delivery(
            playlists=Playlists(database, time.monotonic),
            edge=EdgeCache(store, settings.edge_folder, settings.edge_bytes),
            signing_keys=SigningKeys(database, app.state["clock"], time.monotonic),
            clock=app.state["clock"],
        )
    return cast("Delivery", app.state["delivery"])


async def let_go(app: Litestar) -> None:
    """At the end of the process: fetches that nobody waits for any more."""
    if "delivery" in app.state:
        await cast("Delivery", app.state["delivery"]).edge.close()


ROUTES: list[ControllerRouterHandler] = [playback_of, media]
