"""Page of a course's reviews: reading them, writing one's own, hiding one."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import NotFound, Problem
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.institution import service as institution
from server.learning.reviews import service
from server.learning.reviews.rules import typed_stars
from server.learning.reviews.schemas import NewReview
from server.library import courses
from storage.database.engine import Database
from storage.messages import N_


@dataclass(frozen=True)
class Visit:
    """A request about the reviews of one course."""

    request: Request[Any, Any, State]
    course_id: str
    viewer: Viewer
    database: Database
    clock: Clock

    @property
    def path(self) -> str:
        return f"/dashboard/courses/{self.course_id}/reviews"

    async def page(self, form: Form) -> Template:
        """`form`: one that was refused; its field `person` names the review of a moderator's form."""
        state = service.REVIEWS.read(self.request.query_params)
        async with self.database.read() as session:
            shown = await service.shown(session, self.viewer, self.course_id, state)
            course = await courses.shown(session, self.viewer, self.course_id)
            zone = (await institution.shown(session)).time_zone
        return page(
            self.request,
            "reviews/page.html",
            viewer=self.viewer,
            status_code=form.status,
            course=course,
            shown=shown,
            form=form,
            blank=Form(),
            zone=zone,
        )


async def visit(
    request: Request[Any, Any, State],
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Visit:
    return Visit(request, course_id, viewer, database, clock)


@get("/")
async def show(visit: NamedDependency[Visit]) -> Template:
    return await visit.page(Form())


@post("/")
async def save(visit: NamedDependency[Visit]) -> Response[Any] | Template:
    """Fields: `stars`, `text`."""
    form = await Form.read(visit.request)
    if form.restored:
        return await visit.page(form)
    new = NewReview(typed_stars(form["stars"]), form["text"])
    try:
        await service.post(visit.database, visit.viewer, visit.course_id, new, visit.clock.now())
    except NotFound:
        raise
    except Problem as problem:
        return await visit.page(form.refused(problem))
    return redirect(visit.path, _("Thank you. Your review is saved."), saved=form[KEY])


@post("/delete")
async def delete(visit: NamedDependency[Visit]) -> Response[Any]:
    await service.take_back(visit.database, visit.viewer, visit.course_id)
    return redirect(visit.path, _("Your review is deleted."))


@post("/{user_id:str}/moderate")
async def moderate(visit: NamedDependency[Visit], user_id: FromPath[str]) -> Response[Any] | Template:
    """Field `action`: hide, with `reason`, or show."""
    form = await Form.read(visit.request)
    if form["action"] == "show":
        await service.show(visit.database, visit.viewer, visit.course_id, user_id)
        return redirect(visit.path, _("The review is shown again."))
    if form["action"] != "hide":
        raise NotFound(N_("There is no such action."))
    try:
        await service.hide(visit.database, visit.viewer, visit.course_id, user_id, form["reason"])
    except Problem as problem:
        if not problem.fields:
            raise
        return await visit.page(form.refused(problem))
    return redirect(visit.path, _("The review is hidden. Its author reads your reason."))


ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/dashboard/courses/{course_id:str}/reviews",
        dependencies={"visit": Provide(visit)},
        route_handlers=[show, save, delete, moderate],
    )
]
