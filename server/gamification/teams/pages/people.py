"""Administrator's page of one team and its people: one by one, pasted addresses, lists."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.accounts.people import people_csv
from server.core.clock import Clock
from server.core.errors import Invalid, Problem
from server.core.text.formats import number
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import Undo, redirect
from server.core.web.forms import KEY, Form, submitted_list
from server.core.web.pages import page
from server.gamification.teams import listing, members, rules, service
from server.institution import service as institution
from server.learning.enrolling.listing import SHOWN, Done, Preview
from server.library.rules import emails_in, not_emails_in
from server.library.schemas import Added
from storage.database.engine import Database
from storage.messages import N_, Message

TEAM = "/admin/teams/{team_id:str}"
CONFIRMED = "confirmed"  # field of the preview's form


@get(TEAM)
async def team(
    request: AnyRequest,
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await shown(request, administrator, database, team_id)


@post(TEAM + "/people")
async def add(
    request: AnyRequest,
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Puts existing accounts into the team; entries that have none stay in the field."""
    form = await Form.read(request)
    if form.restored:
        return await shown(request, administrator, database, team_id, people=form)
    try:
        added = await members.add(database, team_id, emails_in(form["emails"]), clock.now())
    except Problem as problem:
        if not problem.fields:
            raise
        return await shown(request, administrator, database, team_id, people=form.refused(problem))
    rejected = _rejected(added, not_emails_in(form["emails"]))
    if rejected.errors:
        return await shown(request, administrator, database, team_id, people=rejected)
    done = Done(len(added.added), len(added.already), 0)
    return redirect(f"/admin/teams/{team_id}", _summary(done), saved=form[KEY])


@post(TEAM + "/people/{user_id:str}/remove")
async def remove(
    request: AnyRequest,
    team_id: FromPath[str],
    user_id: FromPath[str],
    administrator: NamedDependency[Viewer],  # noqa: ARG001 - guards the route
    database: NamedDependency[Database],
) -> Response[Any]:
    """Returns to the page of the list where the button was: its state is in the address."""
    removed = await members.remove(database, team_id, user_id)
    here = f"/admin/teams/{team_id}"
    at = here + members.PEOPLE.query(members.PEOPLE.read(request.query_params))
    if removed is None:  # removed already, in another window
        return redirect(at)
    text = _("%(name)s is removed.") % {"name": removed.name}
    return redirect(at, text, undo=Undo(f"{here}/people", "emails", removed.email))


@get(TEAM + "/list")
async def list_page(
    request: AnyRequest,
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> Template:
    return await _list(request, administrator, database, team_id, Form())


@post(TEAM + "/list")
async def add_list(
    request: AnyRequest,
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """A file or pasted text is shown as a preview first, which the field `confirmed` puts into the team."""
    typed = await Form.read(request)
    if typed.restored:
        return await _list(request, administrator, database, team_id, typed)
    data = await submitted_list(request)
    form = Form({"list": _decoded(data)})
    try:
        if not typed.checked(CONFIRMED):
            preview = await listing.preview(database, team_id, data)
            return await _list(request, administrator, database, team_id, form, preview)
        done = await listing.put_in(database, team_id, data, clock.now())
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _list(request, administrator, database, team_id, form.refused(problem))
    return redirect(f"/admin/teams/{team_id}", _summary(done), saved=typed[KEY])


async def shown(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    team_id: str,
    *,
    name: Form | None = None,
    people: Form | None = None,
    deletion: Form | None = None,
) -> Template:
    """Page of a team. `name`, `people` and `deletion` are its forms."""
    forms = {"name_form": name or Form(), "people_form": people or Form(), "deletion": deletion or Form()}
    async with database.read() as session:
        team = await service.shown(session, team_id)
        found = await members.listed(session, team_id, members.PEOPLE.read(request.query_params))
        place = await institution.shown(session)
    return page(
        request,
        "gamification/teams_team.html",
        viewer=viewer,
        status_code=max(form.status for form in forms.values()),
        team=team,
        found=found,
        zone=place.time_zone,
        least=rules.LEAST_PEOPLE,
        **forms,
    )


async def _list(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    team_id: str,
    form: Form,
    preview: Preview | None = None,
) -> Template:
    async with database.read() as session:
        await members.require_own_people(session, team_id)
        team = await service.shown(session, team_id)
    return page(
        request,
        "gamification/teams_list.html",
        viewer=viewer,
        status_code=form.status,
        team=team,
        form=form,
        preview=preview,
        most=SHOWN,
    )


def _rejected(added: Added, unreadable: list[str]) -> Form:
    """Form with the entries that nobody has an account with, for correction."""
    if not (added.added or added.already or added.unknown):
        sentence = N_("Write at least one email address.")
    elif unreadable or added.unknown:
        sentence = N_("Nobody has an account with these addresses. Correct or remove them.")
    else:
        return Form()
    texts = {"emails": "\n".join([*added.unknown, *unreadable])}
    return Form(texts, {"emails": Message(sentence)}, status=422)


def _decoded(data: bytes) -> str:
    """Text of the list; empty for a binary file, which nobody could correct."""
    try:
        return people_csv.decoded(data)
    except Invalid:
        return ""


def _summary(done: Done) -> str:
    counts = (
        (
            done.added,
            ngettext("%(number)s person is in the team now", "%(number)s people are in it now", done.added),
        ),
        (done.already, ngettext("%(number)s as before", "%(number)s as before", done.already)),
        (done.left_out, ngettext("%(number)s left out", "%(number)s left out", done.left_out)),
    )
    return ", ".join(text % {"number": number(count)} for count, text in counts if count) + "."


ROUTES: list[ControllerRouterHandler] = [team, add, remove, list_page, add_list]
