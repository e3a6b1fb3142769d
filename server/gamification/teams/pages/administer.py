"""Administrator's pages of teams: the list with the form of a new one, name, deletion."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy import select

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.gamification.teams import rules, service
from server.gamification.teams.pages import people
from server.gamification.teams.schemas import NewTeam, TeamPatch
from storage.database.engine import Database
from storage.database.tables import Course

TEAMS = "/admin/teams"


@get(TEAMS)
async def teams(
    request: AnyRequest, administrator: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Template:
    return await _list(request, administrator, database, Form())


@post(TEAMS)
async def create(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _list(request, administrator, database, form)
    new = NewTeam(form["name"], form["course_id"] or None)
    try:
        team = await service.create(database, new, administrator.id, clock.now())
    except Problem as problem:
        return await _list(request, administrator, database, form.refused(problem))
    return redirect(f"{TEAMS}/{team.id}", _("The team is made."), saved=form[KEY])


@post(TEAMS + "/{team_id:str}")
async def rename(
    request: AnyRequest,
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await people.shown(request, administrator, database, team_id, name=form)
    try:
        patch = TeamPatch(form["name"], form.version)
        await service.rename(database, team_id, patch, clock.now(), form.started, by=administrator.id)
    except Problem as problem:
        if problem.status == 404:
            raise
        refused = form.refused(problem)
        return await people.shown(request, administrator, database, team_id, name=refused)
    return redirect(f"{TEAMS}/{team_id}", _("Saved."), saved=form[KEY])


@post(TEAMS + "/{team_id:str}/delete")
async def delete(
    request: AnyRequest,
    team_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    try:
        team = await service.delete(database, team_id, clock.now(), by=administrator.id)
    except Problem as problem:
        if problem.status == 404:
            raise
        refused = Form().refused(problem)
        return await people.shown(request, administrator, database, team_id, deletion=refused)
    return redirect(TEAMS, _("%(name)s is deleted.") % {"name": team.name})


async def _list(request: AnyRequest, viewer: Viewer, database: Database, form: Form) -> Template:
    async with database.read() as session:
        found = await service.listed(session)
        courses = await session.execute(select(Course.id, Course.title))
        options = sorted((tuple(row) for row in courses), key=lambda row: row[1].casefold())
    return page(
        request,
        "gamification/teams_admin.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        teams=found,
        courses=[("", _("Of no course: people are put into it")), *options],
        least=rules.LEAST_PEOPLE,
    )


ROUTES: list[ControllerRouterHandler] = [teams, create, rename, delete]
