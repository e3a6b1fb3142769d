"""Page of the streak: its months, freezes and planned breaks."""

from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.lists import AddressReader
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.gamification.learner import stats
from server.gamification.learner.streaks import breaks, calendar, rules
from server.gamification.learner.streaks.schemas import NewBreak, StreakCalendar
from server.library.pages.shared import AnyRequest
from storage.database.engine import Database

HERE = "/dashboard/streak"
PLANNED = "planned"  # state of a day ahead in a break


class Cell(msgspec.Struct, frozen=True):
    day: str  # "" where another month has it
    state: str = ""


class Month(msgspec.Struct, frozen=True):
    name: str  # YYYY-MM
    weeks: list[list[Cell]]


@get(HERE)
async def streak_page(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """`?year=2026` shows another year's months."""
    return await _page(request, viewer, database, clock, Form())


@post(f"{HERE}/breaks")
async def plan(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any] | Template:
    """Fields: `first_day`, `last_day`."""
    form = await Form.read(request)
    if form.restored:
        return await _page(request, viewer, database, clock, form)
    try:
        new = NewBreak(form["first_day"], form["last_day"])
        await breaks.plan(database, viewer.id, new, clock.now())
    except Problem as problem:
        return await _page(request, viewer, database, clock, form.refused(problem))
    return redirect(f"{HERE}#breaks", _("Your break is planned."))


@post(HERE + "/breaks/{break_id:str}/stop")
async def stop(
    break_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    left = await breaks.stop(database, viewer.id, break_id, clock.now())
    told = _("The break is withdrawn.") if left is None else _("The break ends today.")
    return redirect(f"{HERE}#breaks", told)


async def _page(
    request: AnyRequest, viewer: Viewer, database: Database, clock: Clock, form: Form
) -> Template:
    async with database.read() as session:
        found = await calendar.of_person(session, viewer.id, clock.now())
    months = rules.months(found.days[0].day, found.today)
    years = sorted({month[:4] for month in months}, reverse=True)
    reader = AddressReader(request.query_params)
    year = reader.choice("year", years) or years[0]
    today = date.fromisoformat(found.today)
    return page(
        request,
        "gamification/streak.html",
        viewer=viewer,
        status_code=form.status,
        found=found,
        months=[_month(month, found) for month in months if month.startswith(year)],
        years=years,
        year=year,
        problems=reader.problems,
        form=form,
        earliest=(today + timedelta(days=1)).isoformat(),
        latest=(today + rules.AHEAD).isoformat(),
    )


def _month(month: str, found: StreakCalendar) -> Month:
    states = {one.day: one.state for one in found.days}

    def cell(day: str) -> Cell:
        if not day:
            return Cell("")
        if day > found.today:
            planned = any(one.first_day <= day <= one.last_day for one in found.breaks)
            return Cell(day, PLANNED if planned else stats.AHEAD)
        return Cell(day, states.get(day, stats.BEFORE))

    return Month(month, [[cell(day) for day in week] for week in rules.weeks(month)])


ROUTES: list[ControllerRouterHandler] = [streak_page, plan, stop]
