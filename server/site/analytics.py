"""Administrator's pages of analytics: the institution, a course, an instructor, with the system's health."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.console import asking, building, drawing, live, tables
from server.analytics.console import rules as console_rules
from server.analytics.definitions import BY_ID
from server.analytics.definitions.system import SYSTEM
from server.analytics.report import service as reports
from server.analytics.rollups.checking import last_check
from server.core.clock import Clock
from server.core.web.pages import page
from server.institution import service as institution
from server.operations.health import Health
from server.operations.system.service import system_health
from server.services import Services
from storage.database.engine import Database

HERE = "/admin/analytics"


@get(HERE)
async def console(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    health: NamedDependency[Health],
    clock: NamedDependency[Clock],
) -> Template:
    """One screen: figures of a range, compared and filtered, beside the health of the system."""
    now = clock.now()
    well = await system_health(services, health, now)
    async with services.database.read() as session:
        asked = await asking.asked(session, request.query_params, now)
        shown = await _shown(session, asked)
        today = live.of(shown["console"]) if asked.ask.is_live else await live.today(session, asked.ask)
    free = well.store_free if well.store_free is not None else well.disk.free
    forecast = console_rules.forecast(shown["console"].storage.measured, free)
    return page(
        request,
        "analytics/console.html",
        viewer=administrator,
        here=HERE,
        subject="",
        fixed={},
        health=well,
        today=today,
        reports=[(name, reports.first_day(name)) for name in reports.names(services.settings)],
        forecast=forecast,
        **shown,
    )


@get(HERE + "/system")
async def of_system(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    services: NamedDependency[Services],
    health: NamedDependency[Health],
    clock: NamedDependency[Clock],
) -> Template:
    """The system's figures now, and what each tells."""
    async with services.database.read() as session:
        place = await institution.shown(session)
    return page(
        request,
        "analytics/system.html",
        viewer=administrator,
        figures=SYSTEM,
        health=await system_health(services, health, clock.now()),
        zone=place.time_zone,
    )


@get(HERE + "/courses/{course_id:str}")
async def of_course(
    request: AnyRequest,
    course_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """The same figures of one course."""
    async with database.read() as session:
        subject = await asking.name_of_course(session, course_id)
        asked = await asking.asked(session, request.query_params, clock.now(), course=course_id)
        shown = await _shown(session, asked)
    here = f"{HERE}/courses/{course_id}"
    return _of_subject(request, administrator, here, subject, "course", shown)


@get(HERE + "/instructors/{user_id:str}")
async def of_instructor(
    request: AnyRequest,
    user_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """The same figures of the courses that somebody teaches."""
    async with database.read() as session:
        subject = await asking.name_of_instructor(session, user_id)
        asked = await asking.asked(session, request.query_params, clock.now(), instructor=user_id)
        shown = await _shown(session, asked)
    here = f"{HERE}/instructors/{user_id}"
    return _of_subject(request, administrator, here, subject, "instructor", shown)


def _of_subject(
    request: AnyRequest, viewer: Viewer, here: str, subject: str, name: str, shown: dict[str, Any]
) -> Template:
    """`name`: of the filter that the page itself is."""
    none: dict[str, Any] = {"health": None, "forecast": None, "today": None, "reports": []}
    values = {**shown, **none, "here": here, "subject": subject, "fixed": {name: ""}}
    return page(request, "analytics/console.html", viewer=viewer, **values)


async def _shown(session: AsyncSession, asked: asking.Asked) -> dict[str, Any]:
    """Step: variables of the template."""
    found = await building.shown(session, asked.ask)
    return {
        "asked": asked,
        "state": asked.state,
        "ask": found.ask,  # with the moment at which the figures were counted
        "console": found,
        "shown_cards": range(len(found.cards)),
        "charts": drawing.charts_of(found),
        "tables": {name: make(found) for name, make in tables.TABLES.items()},
        "choices": await asking.choices(session, asked.state),
        "check": await last_check(session),
        "definitions": BY_ID,
        "funnel_metrics": tables.FUNNEL,
    }


ROUTES: list[ControllerRouterHandler] = [console, of_system, of_course, of_instructor]
