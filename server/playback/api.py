"""Media delivery under `/m/`, and the playback endpoint of lessons."""

from typing import cast

from litestar import Litestar, asgi, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, HTTPScope, Receive, Scope, Send

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.signing_keys import live_keys
from server.core.web.middleware.maintenance import EXEMPT
from server.library.access import lesson_for_learning
from server.playback.delivery import Delivery
from server.playback.schemas import Playback
from server.playback.service import playback
from server.playback.signing import PURPOSE
from storage.database.engine import Database


@get("/api/video/playback/{lesson_id:str}", tags=["Video"])
async def playback_of(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Playback:
    """Playback of this lesson for the viewer, with URLs valid for its duration plus some hours."""
    keys = await live_keys(database, PURPOSE, clock.now())
    async with database.read() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        return await playback(session, lesson, viewer.id, keys, clock.now())


# Open during maintenance: their addresses are signed for a lecture that somebody is in the middle of, and
# nothing is written for them.
@asgi("/m", is_mount=True, copy_scope=True, opt={EXEMPT: True})
async def media(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    delivery: Delivery = scope["litestar_app"].state["delivery"]
    await delivery.answer(cast("HTTPScope", scope), send)


async def close_delivery(app: Litestar) -> None:
    """Cancel fetches into the edge folder that no request waits for."""
    await cast("Delivery", app.state["delivery"]).edge.close()


ROUTES: list[ControllerRouterHandler] = [playback_of, media]
