"""Analytics for administrators (spec section 3). `dashboard` and `system-health` are in server.operations."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency, Provide
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.analytics import service
from server.analytics.definitions.scope import Scope
from server.analytics.queries.top import CourseMetric
from server.analytics.schemas import (
    AggregatedDay,
    AskedDays,
    Engagement,
    Overview,
    Revenue,
    TopCourses,
    TopInstructors,
    UserGrowth,
)
from server.core.clock import Clock
from server.core.text.formats import translated
from storage.database.engine import Database

TAGS = ["Analytics"]
BASE = "/api/admin/analytics"
Days = Annotated[int, QueryParameter(ge=1, le=366, description="Local days, up to the current one.")]
Day = Annotated[
    str,
    QueryParameter(
        description="Local day as in 2026-11-27. `first` and `last` together are asked for instead of `days`."
    ),
]
Limit = Annotated[int, QueryParameter(ge=1, le=100)]
Filter = Annotated[str, QueryParameter(description="Id to filter by; empty: no filter.")]


async def asked_days(days: Days = 30, first: Day = "", last: Day = "") -> AskedDays:
    return AskedDays(days, first, last)


DAYS = {"asked": Provide(asked_days)}


def scope(course: str, instructor: str, team: str) -> Scope:
    return Scope(course_id=course or None, instructor_id=instructor or None, team_id=team or None)


@get(BASE, tags=TAGS, dependencies=DAYS)
async def show_overview(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
    course: Filter = "",
    instructor: Filter = "",
    team: Filter = "",
) -> Overview:
    """What there is, and what happened in the last days beside as many days before."""
    now = clock.now()
    async with database.read() as session:
        chosen = await service.asked_for(session, asked, now)
        return await service.overview(session, scope(course, instructor, team), chosen, now)


@get(f"{BASE}/user-growth", tags=TAGS, dependencies=DAYS)
async def show_user_growth(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
    course: Filter = "",
    instructor: Filter = "",
    team: Filter = "",
) -> UserGrowth:
    """Learners' accounts by day."""
    now = clock.now()
    async with database.read() as session:
        chosen = await service.asked_for(session, asked, now)
        return await service.user_growth(session, scope(course, instructor, team), chosen, now)


@get(f"{BASE}/engagement", tags=TAGS, dependencies=DAYS)
async def show_engagement(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
    course: Filter = "",
    instructor: Filter = "",
    team: Filter = "",
) -> Engagement:
    """Active people, what they did by day, and retention by week of enrolment."""
    now = clock.now()
    async with database.read() as session:
        chosen = await service.asked_for(session, asked, now)
        return await service.engagement(session, scope(course, instructor, team), chosen, now)


@get(f"{BASE}/revenue", tags=TAGS, dependencies=DAYS)
async def show_revenue(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
    course: Filter = "",
    instructor: Filter = "",
    team: Filter = "",
) -> Revenue:
    """Revenue by day and MRR, by currency."""
    now = clock.now()
    async with database.read() as session:
        chosen = await service.asked_for(session, asked, now)
        return await service.revenue(session, scope(course, instructor, team), chosen, now)


@get(f"{BASE}/top-courses", tags=TAGS, dependencies=DAYS)
async def show_top_courses(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
    limit: Limit = 5,
    metric: Annotated[CourseMetric, QueryParameter()] = CourseMetric.ENROLLMENTS,
) -> TopCourses:
    """Courses with the most new enrolments or revenue in the last days, or with the best rating."""
    now = clock.now()
    async with database.read() as session:
        chosen = await service.asked_for(session, asked, now)
        return await service.top_courses(session, chosen, metric, limit, now)


@get(f"{BASE}/top-instructors", tags=TAGS, dependencies=DAYS)
async def show_top_instructors(
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    asked: NamedDependency[AskedDays],
    limit: Limit = 5,
) -> TopInstructors:
    """Instructors whose courses had the most new enrolments in the last days."""
    now = clock.now()
    async with database.read() as session:
        chosen = await service.asked_for(session, asked, now)
        return await service.top_instructors(session, chosen, limit, now)


@post(BASE + "/aggregate/{date:str}", status_code=200, tags=TAGS)
async def aggregate_day(
    administrator: NamedDependency[Viewer],
    date: Annotated[str, PathParameter(description="Local day that is over, as in 2026-11-30.")],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AggregatedDay:
    """Compute a day again from its facts. The same result however often; a sealed day stays as it is."""
    done = await service.aggregate_day(database, date, clock.now(), by=administrator.id)
    return msgspec.structs.replace(done, message=translated(done.message))


ROUTES: list[ControllerRouterHandler] = [
    show_overview,
    show_user_growth,
    show_engagement,
    show_revenue,
    show_top_courses,
    show_top_instructors,
    aggregate_day,
]
