"""Learners and instructors of a course."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import Undo, redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.institution import service as institution
from server.library import enrolments, instructors
from server.library.pages.shared import AnyRequest, taught
from server.library.rules import emails_in, not_emails_in
from server.library.schemas import Added, Member
from storage.database.engine import Database
from storage.messages import N_, Message

PEOPLE = "/teach/courses/{course_id:str}/people"


@get(PEOPLE)
async def people(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await _shown(request, course_id, viewer, database)


@post(PEOPLE + "/learners")
async def enrol(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any] | Template:
    """Enrols existing accounts; entries that could not be enrolled stay in the field."""
    form = await Form.read(request)
    if form.restored:
        return await _shown(request, course_id, viewer, database, learners=form)
    try:
        wanted = emails_in(form["emails"])
        added = await enrolments.add(database, viewer, course_id, wanted, clock.now())
    except Problem as problem:
        if not problem.fields:
            raise
        return await _shown(request, course_id, viewer, database, learners=form.refused(problem))
    notice = _summary(added) if added.added or added.already else ""
    rejected = _rejected(added, not_emails_in(form["emails"]))
    if notice and not rejected.errors:
        return redirect(f"/teach/courses/{course_id}/people", notice, saved=form[KEY])
    return await _shown(request, course_id, viewer, database, learners=rejected, notice=notice)


@post(PEOPLE + "/learners/{user_id:str}/remove")
async def remove_learner(
    request: AnyRequest,
    course_id: FromPath[str],
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Returns to the page of the list where the button was: its state is in the address."""
    removed = await enrolments.remove(database, viewer, course_id, user_id, clock.now())
    here = f"/teach/courses/{course_id}/people"
    shown = here + enrolments.LEARNERS.query(enrolments.LEARNERS.read(request.query_params))
    return _removed(shown, removed, f"{here}/learners", "emails")


@post(PEOPLE + "/teachers")
async def add_teacher(
    request: AnyRequest,
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Response[Any] | Template:
    form = await Form.read(request)
    if form.restored:
        return await _shown(request, course_id, viewer, database, teachers=form)
    try:
        await instructors.add(database, viewer, course_id, [form["email"]])
    except Problem as problem:
        if not problem.fields:
            raise
        return await _shown(request, course_id, viewer, database, teachers=form.refused(problem))
    return redirect(f"/teach/courses/{course_id}/people", _("They teach this course now."))


@post(PEOPLE + "/teachers/{user_id:str}/remove")
async def remove_teacher(
    request: AnyRequest,
    course_id: FromPath[str],
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Response[Any] | Template:
    before = await instructors.of_course(database, viewer, course_id)
    try:
        await instructors.remove(database, viewer, course_id, user_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        return await _shown(request, course_id, viewer, database, teachers=Form().refused(problem))
    if user_id == viewer.id and not viewer.is_administrator:
        return redirect("/teach", _("You no longer teach this course."))
    here = f"/teach/courses/{course_id}/people"
    removed = next((member for member in before if member.user_id == user_id), None)
    return _removed(here, removed, f"{here}/teachers", "email")


async def _shown(
    request: AnyRequest,
    course_id: str,
    viewer: Viewer,
    database: Database,
    *,
    learners: Form | None = None,
    teachers: Form | None = None,
    notice: str = "",
) -> Template:
    """`learners` and `teachers` are the two forms; `notice` reports a partial enrolment."""
    learners, teachers = learners or Form(), teachers or Form()
    async with database.read() as session:
        course = await taught(session, viewer, course_id)
        state = enrolments.LEARNERS.read(request.query_params)
        found = await enrolments.listed(session, viewer, course_id, state)
        taught_by = await instructors.shown(session, course)
        place = await institution.shown(session)
    return page(
        request,
        "library/teach_people.html",
        viewer=viewer,
        status_code=max(learners.status, teachers.status),
        course=course,
        found=found,
        teachers=taught_by,
        enrol_form=learners,
        teacher_form=teachers,
        zone=place.time_zone,
        said=notice,
    )


def _removed(here: str, person: Member | None, again: str, field: str) -> Response[Any]:
    if person is None:  # removed already, in another window
        return redirect(here)
    message = _("%(name)s is removed.") % {"name": person.name}
    return redirect(here, message, undo=Undo(again, field, person.email))


def _rejected(added: Added, unreadable: list[str]) -> Form:
    """Form with the entries that could not be enrolled, for correction."""
    if not (added.added or added.already or added.unknown):
        sentence = N_("Write at least one email address.")
    elif unreadable:
        sentence = N_("Nobody has an account with these addresses. Correct or remove them.")
    elif added.unknown:
        sentence = N_("Nobody has an account with these addresses. An administrator can add them.")
    else:
        return Form()
    return Form(
        {"emails": "\n".join([*added.unknown, *unreadable])}, {"emails": Message(sentence)}, status=422
    )


def _summary(added: Added) -> str:
    count = len(added.added)
    if not count:
        return _("They were enrolled already.")
    return ngettext("%(count)s person enrolled.", "%(count)s people enrolled.", count) % {
        "count": number(count)
    }


ROUTES: list[ControllerRouterHandler] = [people, enrol, remove_learner, add_teacher, remove_teacher]
