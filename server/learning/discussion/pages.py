"""Pages of discussions: one lesson's, whose forms its other pages show too, and a course's newest posts.

A form that is refused is shown again on the page of the discussion, with its text.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Forbidden, Invalid, NotFound, Problem, TooManyRequests
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.institution import service as institution
from server.learning.discussion import moderation, reading, rules, writing
from server.learning.discussion.panels import discussion
from server.learning.discussion.schemas import Moderation, Moment
from server.library import access, courses
from storage.database.engine import Database
from storage.messages import N_
from storage.states import PostState

AnyRequest = Request[Any, Any, State]
HERE = "posts"  # `origin` of this page itself
NO_MOMENT = N_("This is no moment. Reload the page and try again.")


@dataclass(frozen=True)
class Visit:
    """A request about one lesson's discussion."""

    request: AnyRequest
    course_id: str
    lesson_id: str
    viewer: Viewer
    database: Database
    clock: Clock

    @property
    def path(self) -> str:
        return f"/dashboard/courses/{self.course_id}/lessons/{self.lesson_id}/posts"

    async def page(self, form: Form) -> Template:
        """The discussion. `form`: one that was refused, or comes back after a sign-in."""
        state = reading.THREADS.read(self.request.query_params)
        async with self.database.read() as session:
            lesson = await access.lesson_for_learning(session, self.viewer, self.lesson_id)
            if lesson.course_id != self.course_id:
                raise NotFound(access.NO_LESSON)
            course = await courses.shown(session, self.viewer, self.course_id)
            panel = await discussion(
                session, self.viewer, lesson, self.clock.now(), origin=HERE, state=state, form=form
            )
        return page(
            self.request,
            "discussion/page.html",
            viewer=self.viewer,
            status_code=form.status,
            course=course,
            lesson=lesson,
            discussion=panel,
        )

    async def refused(self, form: Form, problem: Problem) -> Template:
        """The form again, with its text. Raises the problem where there is nothing to show it in."""
        if isinstance(problem, NotFound | Forbidden):
            raise problem
        shown = form.refused(problem)
        # As 422, htmx shows the form in place; of a 429 it would only say that something failed.
        hasty = isinstance(problem, TooManyRequests)
        return await self.page(msgspec.structs.replace(shown, status=422) if hasty else shown)

    async def done(
        self, form: Form, operation: Awaitable[object], message: str, at: str
    ) -> Response[Any] | Template:
        """Redirect to where the form was, with a message; or the form again, if the operation is refused.
        `at`: id of an element."""
        try:
            await operation
        except Problem as problem:
            return await self.refused(form, problem)
        return self.back(form, message, at)

    def back(self, form: Form, message: str, at: str) -> Redirect:
        lesson = f"courses/{self.course_id}/lessons/{self.lesson_id}"
        target = {
            "lesson": f"/dashboard/{lesson}",
            "teach": f"/teach/{lesson}",
            "course": f"/teach/courses/{self.course_id}/posts"
            + reading.POSTS.query(reading.POSTS.read(self.request.query_params)),
        }.get(form["from"], self.path)
        return redirect(f"{target}#{at}", message, saved=form[KEY])


async def visit(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Visit:
    return Visit(request, course_id, lesson_id, viewer, database, clock)


@get("/")
async def show(visit: NamedDependency[Visit]) -> Template:
    return await visit.page(Form())


@post("/")
async def write(visit: NamedDependency[Visit]) -> Response[Any] | Template:
    """Fields: `text`, and `thread` for a reply."""
    form = await Form.read(visit.request)
    if form.restored:
        return await visit.page(form)
    database, viewer, now = visit.database, visit.viewer, visit.clock.now()
    writing_it = writing.write(database, viewer, visit.lesson_id, form["text"], form["thread"] or None, now)
    try:
        post_id = await writing_it
    except Problem as problem:
        return await visit.refused(form, problem)
    async with database.read() as session:
        made = await reading.one(session, viewer, post_id, now)
    message = (
        _("Your post is kept. Others see it once an instructor has approved it.")
        if made.state == PostState.WAITING
        else _("Posted.")
    )
    return visit.back(form, message, f"post-{post_id}")


@post("/seen")
async def seen(visit: NamedDependency[Visit]) -> Response[Any]:
    """Field `until`: the newest moment that the page showed."""
    form = await Form.read(visit.request)
    try:
        until = msgspec.convert(form["until"], Moment)
    except msgspec.ValidationError as error:
        raise Invalid(NO_MOMENT) from error
    await reading.mark_seen(visit.database, visit.viewer, visit.lesson_id, until, visit.clock.now())
    return visit.back(form, "", "discussion")


@post("/{post_id:str}/edit")
async def edit(visit: NamedDependency[Visit], post_id: FromPath[str]) -> Response[Any] | Template:
    form = await Form.read(visit.request)
    if form.restored:
        return await visit.page(form)
    saving = writing.edit(visit.database, visit.viewer, post_id, form["text"], visit.clock.now())
    return await visit.done(form, saving, _("Saved."), f"post-{post_id}")


@post("/{post_id:str}/delete")
async def delete(visit: NamedDependency[Visit], post_id: FromPath[str]) -> Response[Any]:
    form = await Form.read(visit.request)
    await writing.delete(visit.database, visit.viewer, post_id, visit.clock.now())
    return visit.back(form, _("The post is deleted."), "discussion")


@post("/{post_id:str}/moderate")
async def moderate(visit: NamedDependency[Visit], post_id: FromPath[str]) -> Response[Any] | Template:
    """Fields: `action`, and `reason` to hide it."""
    form = await Form.read(visit.request)
    if form["action"] not in list(Moderation):
        raise NotFound(N_("There is no such action."))
    action = Moderation(form["action"])
    messages = {
        Moderation.HIDE: _("The post is hidden. Its author reads your reason."),
        Moderation.SHOW: _("Everybody in the course sees the post now."),
        Moderation.LOCK: _("The thread takes no more replies."),
        Moderation.UNLOCK: _("The thread takes replies again."),
    }
    moderating = moderation.moderate(
        visit.database, visit.viewer, post_id, action, form["reason"], visit.clock.now()
    )
    return await visit.done(form, moderating, messages[action], f"post-{post_id}")


@get("/teach/courses/{course_id:str}/posts")
async def of_course(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Newest posts of a course, for those who teach it."""
    state = reading.POSTS.read(request.query_params)
    async with database.read() as session:
        found = await reading.course_posts(session, viewer, course_id, state, clock.now())
        shown = await courses.shown(session, viewer, course_id)
        approve_first = (await access.course_for_teaching(session, viewer, course_id)).approve_posts
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "discussion/course.html",
        viewer=viewer,
        course=shown,
        found=found,
        pieces={item.post.id: rules.pieces(item.post.text, item.seconds) for item in found.items},
        approve_first=approve_first,
        zone=zone,
        blank=Form(),
    )


@post("/teach/courses/{course_id:str}/posts")
async def set_up(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Field `approve_first`: checked or not."""
    form = await Form.read(request)
    await moderation.approve_first(database, viewer, course_id, wanted=form.checked("approve_first"))
    return redirect(f"/teach/courses/{course_id}/posts", _("Saved."))


ROUTES: list[ControllerRouterHandler] = [
    Router(
        path="/dashboard/courses/{course_id:str}/lessons/{lesson_id:str}/posts",
        dependencies={"visit": Provide(visit)},
        route_handlers=[show, write, seen, edit, delete, moderate],
    ),
    of_course,
    set_up,
]
