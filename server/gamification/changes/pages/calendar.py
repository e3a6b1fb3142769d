"""Calendar for administrators: days off of a year, weekdays off, and import of an iCalendar file."""

import asyncio
from typing import Any

from babel.dates import format_date, get_day_names
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock, local_day
from server.core.errors import Invalid, Problem
from server.core.lists import AddressReader
from server.core.text.i18n import locale
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form, submitted
from server.core.web.pages import page
from server.gamification.changes import calendar, entering, service
from server.gamification.changes.ics import days as ics
from server.gamification.changes.ics.days import LineProblem, Window
from server.gamification.changes.pages.values import CHANGES
from server.gamification.changes.rules import MOST_DAYS_OFF, CalendarChange
from server.institution import service as institution
from storage.database.engine import Database
from storage.messages import N_

HERE = "/admin/calendar"
YEARS = tuple(str(year) for year in range(entering.FIRST_YEAR, entering.LAST_YEAR + 1))
BODY_BYTES = ics.FILE_BYTES + 100_000  # the file, and what a form adds; a larger one is told by its size


@get(HERE)
async def calendar_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _page(request, administrator, database, clock, Form())


@post(HERE)
async def propose_days(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `action`: add (`first`, `last`, `name`), remove (`day`, several), weekdays (`off-0`, Monday,
    to `off-6`) or forget (`source`). Nothing changes before the next page."""
    fields = await submitted(request)
    form = await Form.read(request)
    if form.restored:
        return await _page(request, administrator, database, clock, form)
    try:
        removed = [str(day) for day in fields.getall("day", [])]
        change = await _entered(database, form, removed)
        change_id = await service.propose(database, administrator, change, clock.now())
    except Invalid as problem:
        return await _page(request, administrator, database, clock, form.refused(problem))
    return redirect(f"{CHANGES}/{change_id}", saved=form[KEY])


async def _entered(database: Database, form: Form, removed: list[str]) -> CalendarChange:
    match form["action"]:
        case "add":
            return CalendarChange(add=entering.clean_days(form["first"], form["last"], form["name"]))
        case "weekdays":
            return CalendarChange(weekdays=entering.clean_weekdays(form.values))
        case "forget":
            async with database.read() as session:
                return CalendarChange(remove=await calendar.source_days(session, form["source"]))
        case _:
            days = [entering.clean_day("day", day).isoformat() for day in removed[:MOST_DAYS_OFF]]
            return CalendarChange(remove=tuple(sorted(set(days))))


@post(f"{HERE}/import", request_max_body_size=BODY_BYTES)
async def import_days(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `file`. Lines that are not understood are shown, and the others can be imported without them
    by the field `anyway`."""
    form = await Form.read(request)
    try:
        data, source = await _file(request)
        async with database.read() as session:
            place = await institution.shown(session)
        today = local_day(clock.now(), place.time_zone, place.day_start_hour).isoformat()
        read = await asyncio.to_thread(ics.read, data, Window.around(today, place.time_zone))
        if read.problems and not form.checked("anyway"):
            shown = form.refused(Invalid(N_("Some lines of the file are not understood.")))
            return await _page(request, administrator, database, clock, shown, read.problems)
        async with database.read() as session:
            change = await calendar.import_change(session, read.days, source)
        change_id = await service.propose(database, administrator, change, clock.now())
    except Problem as problem:
        return await _page(request, administrator, database, clock, form.refused(problem))
    return redirect(f"{CHANGES}/{change_id}")


async def _file(request: AnyRequest) -> tuple[bytes, str]:
    given = (await submitted(request)).get("file")
    data = await given.read() if isinstance(given, UploadFile) else b""
    if not isinstance(given, UploadFile) or not data:
        raise Invalid(N_("Choose a file."), fields={"file": N_("Choose a file.")})
    return data, calendar.source_name(given.filename)


async def _page(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    clock: Clock,
    form: Form,
    problems: tuple[LineProblem, ...] = (),
) -> Template:
    async with database.read() as session:
        place = await institution.shown(session)
        today = local_day(clock.now(), place.time_zone, place.day_start_hour).isoformat()
        reader = AddressReader(request.query_params)
        wanted = reader.choice("year", YEARS)
        found = await calendar.year(session, int(wanted or today[:4]), today)
    return page(
        request,
        "gamification/admin_calendar.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        found=found,
        problems=problems,
        misread=reader.problems,
        month_names=[format_date(month.first, "LLLL", locale=locale()) for month in found.months],
        day_names=[get_day_names("wide", locale=locale())[day] for day in range(7)],
    )


ROUTES: list[ControllerRouterHandler] = [calendar_page, propose_days, import_days]
