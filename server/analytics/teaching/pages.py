"""Instructor's pages of analytics: all courses that they teach, and one course."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.analytics.console import asking, building, drawing
from server.analytics.console.asking import Asked, Choices
from server.analytics.console.tables import FUNNEL
from server.analytics.definitions import BY_ID
from server.analytics.teaching import course as teaching
from server.analytics.teaching import lists, tables
from server.core.clock import Clock
from server.core.web.pages import page
from server.library.pages.shared import taught
from storage.database.engine import Database

MONEY = ("revenue", "mrr")  # cards that are for administrators
DEFINED = (
    *("people_total", "people_new", "active_people", "active_week", "active_month", "stickiness"),
    *("enrolments_new", "enrolments_live", "enrolments_started", "enrolments_halfway"),
    *("enrolments_completed", "completion_rate", "lessons_completed", "watch_seconds", "rating"),
)


@get("/teach/analytics")
async def of_teacher(
    request: AnyRequest,
    teacher: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Figures of all courses that the viewer teaches, and links to each."""
    async with database.read() as session:
        asked = await asking.asked(
            session, request.query_params, clock.now(), course="", instructor=teacher.id, team=""
        )
        shown = await _shown(session, asked, limit=building.MOST_LISTED)
    return page(
        request, "analytics/teach.html", viewer=teacher, here="/teach/analytics", course=None, **shown
    )


@get("/teach/courses/{course_id:str}/analytics")
async def of_course(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Figures of a course, its lessons with their hardest moments, its questions, and who may need help."""
    now = clock.now()
    async with database.read() as session:
        course = await taught(session, viewer, course_id)
        asked = await asking.asked(
            session, request.query_params, now, course=course_id, instructor="", team=""
        )
        shown = await _shown(session, asked, limit=building.TOP)
        shown |= asdict(await teaching.course(session, course_id, now, shown["ask"].now))
        shown["moment_kinds"] = lists.MOMENTS
    return page(
        request,
        "analytics/teach.html",
        viewer=viewer,
        here=f"/teach/courses/{course_id}/analytics",
        course=course,
        **shown,
    )


async def _shown(session: AsyncSession, asked: Asked, *, limit: int) -> dict[str, Any]:
    """Step: variables of the template."""
    found = await building.shown(session, asked.ask, limit)
    drawn = drawing.charts_of(found)
    cards = [place for place, card in enumerate(found.cards) if card.metric not in MONEY]
    return {
        "asked": asked,
        "state": asked.state,
        "ask": found.ask,  # with the moment at which the figures were counted
        "console": found,
        "charts": drawn,
        "shown_cards": cards,
        "tables": {name: tables.shown(found, name) for name in tables.SHOWN},
        "choices": Choices(courses=[], instructors=[], teams=[]),
        "definitions": BY_ID,
        "defined": [BY_ID[name] for name in DEFINED],
        "funnel_metrics": FUNNEL,
        "fixed": {"course": "", "instructor": "", "team": ""},
        "today": None,
    }


ROUTES: list[ControllerRouterHandler] = [of_teacher, of_course]
