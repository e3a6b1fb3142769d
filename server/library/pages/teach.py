"""Course list of an instructor, with the form of a new course."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.library import courses
from server.library.pages.shared import AnyRequest
from server.library.schemas import NewCourse
from storage.database.engine import Database


@get("/teach")
async def teach(
    request: AnyRequest, teacher: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    return await _shown(request, teacher, database, Form())


@post("/teach")
async def create(
    request: AnyRequest,
    teacher: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any] | Template:
    form = await Form.read(request)
    if form.restored:
        return await _shown(request, teacher, database, form)
    new = NewCourse(title=form["title"], description=form["description"])
    try:
        course = await courses.create(database, teacher, new, clock.now())
    except Problem as problem:
        return await _shown(request, teacher, database, form.refused(problem))
    return redirect(
        f"/teach/courses/{course.id}",
        _("The course is made. Only those who teach it see it yet."),
        saved=form[KEY],
    )


async def _shown(request: AnyRequest, viewer: Viewer, database: Database, form: Form) -> Template:
    return page(
        request,
        "library/teach.html",
        viewer=viewer,
        status_code=form.status,
        found=await courses.taught(database, viewer, courses.TAUGHT.read(request.query_params)),
        form=form,
    )


ROUTES: list[ControllerRouterHandler] = [teach, create]
