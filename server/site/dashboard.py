"""Learner's dashboard: own progress, enrolled courses and where to start."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.web.pages import page
from server.gamification.learner.panels import card
from server.gamification.teams.challenges import panels as challenges
from server.learning.completion import course_progress
from server.learning.overview import go_on
from server.library import enrolled_courses
from server.library.pages.shared import AnyRequest
from server.library.schemas import MediaUrls
from storage.database.engine import Database
from storage.database.tables import Course, User


@get("/dashboard")
async def dashboard(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    media_urls: NamedDependency[MediaUrls],
    clock: NamedDependency[Clock],
) -> Template:
    state = enrolled_courses.OPTIONS.read(request.query_params)
    keys = await media_urls.keys()
    async with database.read() as session:
        enrolled = await enrolled_courses.of_learner(session, viewer, state)
        courses = [item.course.id for item in enrolled.items]
        progress = await course_progress(session, viewer.id, courses)
        going_on = [] if state.search or state.page > 1 else await go_on(session, viewer)
        own = None if state.search or state.page > 1 else await card(session, viewer, clock.now())
        shown = [item.start for item in enrolled.items if item.start] + [one.lesson for one in going_on]
        posters = media_urls.posters(keys, viewer, shown)
        goals = await challenges.challenges(session, viewer, clock.now())
        empty = viewer.is_administrator and await _is_empty(session)
    return page(
        request,
        "site/dashboard.html",
        viewer=viewer,
        found=enrolled,
        posters=posters,
        progress=progress,
        going_on=going_on,
        card=own,
        challenges=goals,
        empty=empty,
    )


async def _is_empty(session: AsyncSession) -> bool:
    """Whether there is nothing yet but the first administrator, so that a demo could be written."""
    people = await session.scalar(select(func.count()).select_from(User))
    return people == 1 and not await session.scalar(select(exists().where(Course.id.is_not(None))))


ROUTES: list[ControllerRouterHandler] = [dashboard]
