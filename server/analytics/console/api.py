"""Files of the tables of analytics, figures of the current day as server-sent events, and weekly reports."""

from collections.abc import AsyncIterator

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File, Stream
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest, ViewerAgain
from server.accounts.identity import Viewer
from server.analytics.console import asking, building, files, live, rows, tables
from server.analytics.console.building import Ask
from server.analytics.definitions import BY_ID
from server.analytics.definitions.metric import Metric
from server.analytics.report import service as reports
from server.analytics.rules import Range, later
from server.core.clock import Clock
from server.core.errors import NotFound
from server.core.live import HEARTBEAT, Hub, Source, event
from server.core.text.formats import number, spoken_time, time_of_day, translated
from server.services import Services
from storage.database.engine import Database
from storage.messages import N_

HERE = "/admin/analytics"
NO_FILE = N_("There is no such file.")


def named(name: str) -> tuple[str, str]:
    """Table and format of a file's name. Raises NotFound."""
    stem, _, kind = name.rpartition(".")
    if kind not in files.FORMATS:
        raise NotFound(NO_FILE)
    return stem, kind


def file_answer(name: str, kind: str, body: AsyncIterator[str | bytes]) -> Stream:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(body, media_type=files.FORMATS[kind], headers=headers)


@get(HERE + "/tables/{table_file:str}", include_in_schema=False)
async def download_table(
    request: AnyRequest,
    table_file: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Stream:
    """A table of the page as a file, with the page's days and filter; lists with all their rows."""
    stem, kind = named(table_file)
    if stem not in tables.TABLES:
        raise NotFound(NO_FILE)
    async with database.read() as session:
        asked = await asking.required(session, request.query_params, clock.now())
        limit = building.MOST_LISTED if stem in ("courses", "instructors") else building.TOP
        table = tables.TABLES[stem](await building.shown(session, asked.ask, limit))
    return file_answer(
        table_file, kind, files.written(kind, translated(table.title), table.columns, files.lots(table))
    )


@get(HERE + "/rows/{rows_file:str}", include_in_schema=False)
async def download_rows(
    request: AnyRequest,
    rows_file: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Stream:
    """The days behind a figure as a file, read month by month while it is sent."""
    stem, kind = named(rows_file)
    if stem not in BY_ID:
        raise NotFound(NO_FILE)
    metric = BY_ID[stem]
    async with database.read() as session:
        ask = (await asking.required(session, request.query_params, clock.now())).ask
        whole = await rows.columns(session, ask, metric)
    body = files.written(kind, translated(metric.name), whole, _lots(database, ask, metric, whole))
    return file_answer(rows_file, kind, body)


async def _lots(database: Database, ask: Ask, metric: Metric, columns: list[tables.Column]) -> files.Lots:
    first = ask.days.first
    while first <= ask.days.last:
        days = Range(first, min(ask.days.last, later(first, rows.PAGE_DAYS - 1)))
        async with database.read() as session:
            found = (await rows.behind(session, ask, metric, days)).table
        yield rows.under(columns, found)
        first = later(days.last, 1)


@get(HERE + "/today", include_in_schema=False)
async def today_events(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    viewer_again: NamedDependency[ViewerAgain],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    hub: NamedDependency[Hub],
) -> Stream:
    """Figures of the current day with the page's filter, at every change."""
    parameters = dict(request.query_params)
    async with database.read() as session:
        state = (await asking.asked(session, parameters, clock.now())).state
    hub.require_room(administrator.id)

    async def look() -> live.Today:
        async with database.read() as session:
            return await live.today(session, (await asking.asked(session, parameters, clock.now())).ask)

    async def stream() -> AsyncIterator[bytes]:
        yield b"retry: 5000\n\n"
        source = Source(look, lambda _today: False)
        async for found in hub.changes(live.topic(state), source, administrator.id):
            again = await viewer_again()
            if again is None or not again.is_administrator:
                return
            yield HEARTBEAT if found is None else event(_presented(found))

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would buffer the events
    return Stream(stream(), media_type="text/event-stream", headers=headers)


def _presented(today: live.Today) -> dict[str, object]:
    """In the reader's language."""
    figures = {
        name: spoken_time(value) if name == "watch_seconds" else number(value)
        for name, value in today.figures.items()
    }
    return {"figures": figures, "as_of": time_of_day(today.as_of, today.time_zone)}


@get(HERE + "/reports/{report:str}", include_in_schema=False)
async def download_report(
    report: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    services: NamedDependency[Services],
) -> File:
    """A weekly report that was written into the data folder."""
    path = reports.file_of(services.settings, report)
    return File(path, filename=report, media_type="text/plain; charset=utf-8")


ROUTES: list[ControllerRouterHandler] = [download_table, download_rows, today_events, download_report]
