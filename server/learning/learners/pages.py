"""Instructor's pages of a course's learners: the table, and one learner."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.web.pages import page
from server.institution import service as institution
from server.learning.learners import listing, person
from server.library.pages.shared import AnyRequest, taught
from storage.database.engine import Database

HERE = "/teach/courses/{course_id:str}/progress"


@get(HERE)
async def progress(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    state = listing.LEARNERS.read(request.query_params)
    async with database.read() as session:
        course = await taught(session, viewer, course_id)
        found = await listing.shown(session, viewer, course_id, state)
        zone = (await institution.shown(session)).time_zone
    return page(request, "learning/learners.html", viewer=viewer, course=course, found=found, zone=zone)


@get(HERE + "/{user_id:str}")
async def one_learner(
    request: AnyRequest,
    course_id: FromPath[str],
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    async with database.read() as session:
        course = await taught(session, viewer, course_id)
        learner = await person.one(session, viewer, course_id, user_id)
        zone = (await institution.shown(session)).time_zone
    return page(request, "learning/learner.html", viewer=viewer, course=course, learner=learner, zone=zone)


ROUTES: list[ControllerRouterHandler] = [progress, one_learner]
