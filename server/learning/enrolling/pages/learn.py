"""Learner's pages of enrolling: the catalogue, a course's code, and leaving a course."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Conflict, NotFound, Problem, TooManyAttempts
from server.core.text.i18n import gettext as _
from server.core.web.flash import Undo, redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.learning.enrolling import catalogue, joining, rules
from server.learning.enrolling.joining import Entered
from server.library import access, courses
from server.library.pages.shared import AnyRequest
from storage.database.engine import Database

COURSE = "/dashboard/courses/{course_id:str}"


@get("/dashboard/courses")
async def open_courses(
    request: AnyRequest, viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    state = catalogue.OPTIONS.read(request.query_params)
    async with database.read() as session:
        found = await catalogue.listed(session, viewer, state)
    return page(request, "learning/catalogue.html", viewer=viewer, found=found)


@post(COURSE + "/enrol")
async def enrol(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    return _entered(await joining.enrol(database, viewer, course_id, clock.now()))


@get("/join")
async def join_page(request: AnyRequest, viewer: NamedDependency[Viewer]) -> Template:
    return _join(request, viewer, Form())


@post("/join")
async def join(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> Response[Any]:
    """The code as typed; a wrong one stays in the field."""
    form = await Form.read(request)
    try:
        return _entered(await joining.join(database, viewer, form["code"], client_address, clock.now()))
    except (NotFound, Conflict, TooManyAttempts) as problem:
        told = Problem(problem.message, fields={"code": problem.message})
        told.status = 422 if problem.status == 404 else problem.status
        return _join(request, viewer, form.refused(told))


@get("/join/{join_code:str}")
async def join_link(
    request: AnyRequest,
    join_code: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> Redirect | Template:
    """Asks first: a link that enrols when it is opened would also enrol by a picture in a page."""
    found = await joining.look(database, viewer, join_code, client_address, clock.now())
    if found.teaches:
        return redirect(f"/teach/courses/{found.course_id}/enrolling")
    if found.enrolled:
        return redirect(f"/dashboard/courses/{found.course_id}")
    code = rules.shown_code(rules.clean_code(join_code) or "")
    return page(request, "learning/join_course.html", viewer=viewer, found=found, code=code)


@get(COURSE + "/leave")
async def ask_to_leave(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    async with database.read() as session:
        if not await access.is_enrolled(session, viewer, course_id):
            raise NotFound(access.NO_COURSE)
        course = await courses.shown(session, viewer, course_id)
    return page(request, "learning/leave.html", viewer=viewer, course=course)


@post(COURSE + "/leave")
async def leave(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Redirect:
    course = await joining.leave(database, viewer, course_id, clock.now())
    async with database.read() as session:
        may_return = await access.is_open(session, course_id)
    undo = Undo(f"/dashboard/courses/{course_id}/enrol", "again", "yes") if may_return else None
    message = _("You have left “%(title)s”. What you have learned there is kept.") % {"title": course.title}
    return redirect("/dashboard", message, undo=undo)


def _join(request: AnyRequest, viewer: Viewer, form: Form) -> Template:
    return page(request, "learning/join.html", viewer=viewer, status_code=form.status, form=form)


def _entered(entered: Entered) -> Redirect:
    text = _("You are enrolled already.") if entered.enrolled else _("You are enrolled.")
    return redirect(f"/dashboard/courses/{entered.course_id}", text)


ROUTES: list[ControllerRouterHandler] = [
    open_courses,
    enrol,
    join_page,
    join,
    join_link,
    ask_to_leave,
    leave,
]
