"""JSON API of text lessons."""

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.learning.texts import service
from server.learning.texts.schemas import NewText, TextView
from storage.database.engine import Database

TEXT = "/api/lessons/{lesson_id:str}/text"


@get(TEXT, tags=["Learning"])
async def read_text(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TextView:
    """Text of a lesson. A learner has opened it by this."""
    return await service.get(database, viewer, lesson_id, clock.now())


@put(TEXT, tags=["Courses and lessons"])
async def save_text(
    lesson_id: FromPath[str],
    data: JSONBody[NewText],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TextView:
    """Save the text. With the `version` that was read, one that was saved meanwhile is not overwritten: 409
    has both."""
    return await service.save(database, viewer, lesson_id, data, clock.now())


ROUTES: list[ControllerRouterHandler] = [read_text, save_text]
