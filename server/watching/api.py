"""Heartbeats, and what a viewer has watched of a lesson."""

from typing import cast

from litestar import Litestar, asgi, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, HTTPScope, Receive, Scope, Send

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.web.middleware.csrf import EXEMPT
from server.library.access import is_teaching, lesson_for_learning, lesson_for_teaching
from server.playback.signing import SigningKeys
from server.watching import coverage
from server.watching.deliveries import Deliveries
from server.watching.heartbeats.entrance import ERROR, PATH
from server.watching.heartbeats.intake import Intake
from server.watching.insight.lesson import LessonInsight, lesson_insight
from storage.database.engine import Database


@get("/api/video/watch/{lesson_id:str}", tags=["Video"])
async def watching_of(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    signing_keys: NamedDependency[SigningKeys],
    clock: NamedDependency[Clock],
) -> coverage.Watching:
    """What the viewer has watched of a lesson, where to go on, and the token for heartbeats."""
    keys = await signing_keys()
    async with database.read() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        staff = await is_teaching(session, viewer, lesson.course_id)
        return await coverage.watching(session, viewer, lesson, staff=staff, key=keys[0], now=clock.now())


@get("/api/video/analytics/{lesson_id:str}", tags=["Video"])
async def analytics_of(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> LessonInsight:
    """How a lesson's video is watched: views, completion, where viewers stay, come back and leave."""
    async with database.read() as session:
        lesson = await lesson_for_teaching(session, viewer, lesson_id)
        return await lesson_insight(session, lesson)


@asgi(PATH, opt={EXEMPT: True}, copy_scope=True)
async def track_watch(scope: Scope, receive: Receive, send: Send) -> None:
    if error := scope.get(ERROR):
        raise cast("Exception", error)
    intake: Intake = scope["litestar_app"].state["intake"]
    await intake.answer(cast("HTTPScope", scope), receive, send)


async def close(app: Litestar) -> None:
    """Write the delivered segments that are still in memory."""
    await cast("Deliveries", app.state["deliveries"]).close()


ROUTES: list[ControllerRouterHandler] = [watching_of, analytics_of, track_watch]
