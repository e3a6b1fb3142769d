"""Learner's pages of a quiz: one form for the attempt, which works without script, and its review."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid, NotFound
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.institution import service as institution
from server.learning.quizzes import attempts, results
from server.learning.quizzes.pages import forms
from server.learning.quizzes.pages.missing import explained
from server.learning.quizzes.schemas import AttemptView
from server.library import access, courses, lessons
from storage.database.engine import Database
from storage.states import AttemptState

AnyRequest = Request[Any, Any, State]
LESSON = "/dashboard/courses/{course_id:str}/lessons/{lesson_id:str}"


@post(f"{LESSON}/quiz")
async def begin(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form field `quiz`: id of a quiz in the lesson's video; without it, the lesson's own."""
    form = await Form.read(request)
    wanted = form["quiz"] or None
    async with explained(database, viewer, course_id, lesson_id):
        attempt_id = await attempts.open_attempt(database, viewer, lesson_id, wanted, clock.now())
    return redirect(f"/dashboard/courses/{course_id}/lessons/{lesson_id}/attempts/{attempt_id}")


@get(f"{LESSON}/attempts/{{attempt_id:str}}")
async def show(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    attempt_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    async with explained(database, viewer, course_id, lesson_id, attempt_id):
        await attempts.settle_own(database, viewer, lesson_id, attempt_id, clock.now())
        shown = await _view(database, viewer, lesson_id, attempt_id, clock)
        return await _page(request, course_id, lesson_id, viewer, database, shown, Form())


@post(f"{LESSON}/attempts/{{attempt_id:str}}")
async def submit(
    request: AnyRequest,
    course_id: FromPath[str],
    lesson_id: FromPath[str],
    attempt_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Field `action`: "save" keeps the answers and leaves the attempt open."""
    async with explained(database, viewer, course_id, lesson_id, attempt_id):
        return await _submitted(request, course_id, lesson_id, attempt_id, viewer, database, clock)


async def _submitted(
    request: AnyRequest,
    course_id: str,
    lesson_id: str,
    attempt_id: str,
    viewer: Viewer,
    database: Database,
    clock: Clock,
) -> Response[Any]:
    form = await Form.read(request)
    here = f"/dashboard/courses/{course_id}/lessons/{lesson_id}/attempts/{attempt_id}"
    shown = await _view(database, viewer, lesson_id, attempt_id, clock)
    if form.restored:
        return await _page(request, course_id, lesson_id, viewer, database, shown, form)
    try:
        answers = forms.typed_answers(form, shown.questions)
        if form["action"] == "save":
            await attempts.save(database, viewer, lesson_id, attempt_id, answers, clock.now())
            return redirect(here, _("Your answers are saved."))
        in_time = await attempts.submit(database, viewer, lesson_id, attempt_id, answers, clock.now())
    except forms.Unplaced as problem:
        await attempts.save(database, viewer, lesson_id, attempt_id, problem.answers, clock.now())
        return await _page(request, course_id, lesson_id, viewer, database, shown, form.refused(problem))
    except Invalid as problem:
        return await _page(request, course_id, lesson_id, viewer, database, shown, form.refused(problem))
    if not await _is_open(database, viewer, lesson_id):
        return redirect("/dashboard", _("Your answers are graded. The lesson was withdrawn meanwhile."))
    if in_time:
        return redirect(here)
    return redirect(here, _("The time was up. What had been saved by then is graded."), "warning")


async def _is_open(database: Database, viewer: Viewer, lesson_id: str) -> bool:
    async with database.read() as session:
        try:
            await access.lesson_for_learning(session, viewer, lesson_id)
        except NotFound:
            return False
    return True


async def _view(
    database: Database, viewer: Viewer, lesson_id: str, attempt_id: str, clock: Clock
) -> AttemptView:
    async with database.read() as session:
        attempt = await attempts.owned(session, viewer, lesson_id, attempt_id)
        return await results.attempt_view(session, attempt, clock.now())


async def _page(
    request: AnyRequest,
    course_id: str,
    lesson_id: str,
    viewer: Viewer,
    database: Database,
    shown: AttemptView,
    form: Form,
) -> Template:
    async with database.read() as session:
        lesson = await access.lesson_for_learning(session, viewer, lesson_id)
        if lesson.course_id != course_id:
            raise NotFound(access.NO_LESSON)
        course = await courses.shown(session, viewer, course_id)
        quiz = await attempts.quiz_of(session, lesson, shown.quiz_id)
        start = await results.start(session, viewer, lesson, quiz)
        place = await institution.shown(session)
        others = await lessons.shown(session, course)
    is_open = shown.state == AttemptState.OPEN
    values = form.values or forms.answer_values(shown.questions)
    return page(
        request,
        "quizzes/attempt.html" if is_open else "quizzes/review.html",
        viewer=viewer,
        status_code=form.status,
        course=course,
        lesson=lessons.view(lesson, can_edit=False),
        attempt=shown,
        start=start,
        in_video=quiz.moment is not None,
        following=lessons.following(others, lesson_id),
        form=msgspec.structs.replace(form, values=values),
        zone=place.time_zone,
    )


ROUTES: list[ControllerRouterHandler] = [begin, show, submit]
