"""Learner's dashboard: enrolled courses and where to start."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.library import enrolled_courses
from server.library.pages.shared import AnyRequest
from server.library.schemas import MediaUrls
from storage.database.engine import Database


@get("/dashboard")
async def dashboard(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    media_urls: NamedDependency[MediaUrls],
) -> Template:
    state = enrolled_courses.OPTIONS.read(request.query_params)
    keys = await media_urls.keys()
    async with database.read() as session:
        enrolled = await enrolled_courses.of_learner(session, viewer, state)
        starts = [item.start for item in enrolled.items if item.start]
        posters = await media_urls.posters(session, keys, viewer, starts)
    return page(
        request,
        "site/dashboard.html",
        viewer=viewer,
        found=enrolled,
        posters=posters,
    )


ROUTES: list[ControllerRouterHandler] = [dashboard]
