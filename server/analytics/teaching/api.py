"""Tables of the instructor's pages as files."""

from datetime import datetime

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.console import asking, building, files
from server.analytics.console.api import NO_FILE, file_answer, named
from server.analytics.console.asking import Asked
from server.analytics.console.tables import Table
from server.analytics.teaching import course, lists, tables
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.text.formats import translated
from server.library import access
from storage.database.engine import Database


@get("/teach/analytics/tables/{table_file:str}", include_in_schema=False)
async def download_of_teacher(
    request: AnyRequest,
    table_file: FromPath[str],
    teacher: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Stream:
    name, kind = named(table_file)
    async with database.read() as session:
        asked = await asking.required(
            session, request.query_params, clock.now(), course="", instructor=teacher.id, team=""
        )
        table = await _table(session, asked, name)
    return _answer(table, kind, table_file)


@get("/teach/courses/{course_id:str}/analytics/tables/{table_file:str}", include_in_schema=False)
async def download_of_course(
    request: AnyRequest,
    course_id: FromPath[str],
    table_file: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Stream:
    name, kind = named(table_file)
    now = clock.now()
    async with database.read() as session:
        await access.course_for_teaching(session, viewer, course_id)
        table = await _list(session, course_id, name, now)
        if table is None:
            asked = await asking.required(
                session, request.query_params, now, course=course_id, instructor="", team=""
            )
            table = await _table(session, asked, name)
    return _answer(table, kind, table_file)


async def _list(session: AsyncSession, course_id: str, name: str, now: datetime) -> Table | None:
    """Step: a list of the course's page, for all time; None for another table."""
    match name:
        case "help":
            return lists.needs(await course.needs(session, course_id, now))
        case "lessons":
            return lists.lessons(await course.lessons(session, course_id))
        case "moments":
            return lists.moments(await course.lessons(session, course_id))
        case "questions":
            return lists.questions(await course.items(session, course_id))
    return None


async def _table(session: AsyncSession, asked: Asked, name: str) -> Table:
    """Step. Raises NotFound."""
    if name not in tables.SHOWN:
        raise NotFound(NO_FILE)
    return tables.shown(await building.shown(session, asked.ask, building.MOST_LISTED), name)


def _answer(table: Table, kind: str, name: str) -> Stream:
    body = files.written(kind, translated(table.title), table.columns, files.lots(table))
    return file_answer(name, kind, body)


ROUTES: list[ControllerRouterHandler] = [download_of_teacher, download_of_course]
