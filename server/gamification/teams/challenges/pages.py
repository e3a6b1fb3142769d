"""Administrator's pages of challenges: the list, a new one, and one with its terms or its progress."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import EditConflict, Problem
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.gamification.learner.stats import today
from server.gamification.teams.challenges import service
from server.gamification.teams.challenges.schemas import NewChallenge
from server.institution import service as institution
from storage.database.engine import Database
from storage.database.tables import Course, Team
from storage.messages import N_, Message

CHALLENGES = "/admin/challenges"
SAVED_MEANWHILE = N_(
    "Somebody else has saved this challenge meanwhile. What you typed is still here: saving it again replaces"
    " theirs."
)


@get(CHALLENGES)
async def challenges(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    async with database.read() as session:
        found = await service.listed(session, clock.now())
    return page(request, "gamification/teams_challenges.html", viewer=administrator, challenges=found)


@get(CHALLENGES + "/new")
async def new_challenge(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _new(request, administrator, database, clock, Form())


@post(CHALLENGES + "/new")
async def create(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _new(request, administrator, database, clock, form)
    try:
        made = await service.create(database, _values(form), administrator.id, clock.now())
    except Problem as problem:
        return await _new(request, administrator, database, clock, form.refused(problem))
    return redirect(f"{CHALLENGES}/{made.id}", _("The challenge is made."), saved=form[KEY])


@get(CHALLENGES + "/{challenge_id:str}")
async def challenge(
    request: AnyRequest,
    challenge_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    return await _one(request, administrator, database, clock, challenge_id)


@post(CHALLENGES + "/{challenge_id:str}")
async def change(
    request: AnyRequest,
    challenge_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _one(request, administrator, database, clock, challenge_id, terms=form)
    try:
        await service.change(
            database, challenge_id, _values(form), form.version, clock.now(), by=administrator.id
        )
    except EditConflict as problem:
        refused = msgspec.structs.replace(form.refused(problem), problem=Message(SAVED_MEANWHILE))
        return await _one(request, administrator, database, clock, challenge_id, terms=refused)
    except Problem as problem:
        if problem.status == 404:
            raise
        refused = form.refused(problem)
        return await _one(request, administrator, database, clock, challenge_id, terms=refused)
    return redirect(f"{CHALLENGES}/{challenge_id}", _("Saved."), saved=form[KEY])


@post(CHALLENGES + "/{challenge_id:str}/end")
async def end(
    request: AnyRequest,
    challenge_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    form = await Form.read(request)
    if form.restored:
        return await _one(request, administrator, database, clock, challenge_id, ending=form)
    try:
        await service.end(database, challenge_id, form["reason"], clock.now(), by=administrator.id)
    except Problem as problem:
        if problem.status == 404:
            raise
        refused = form.refused(problem)
        return await _one(request, administrator, database, clock, challenge_id, ending=refused)
    text = _("The challenge is ended. Its result is written within about an hour.")
    return redirect(f"{CHALLENGES}/{challenge_id}", text, saved=form[KEY])


@post(CHALLENGES + "/{challenge_id:str}/delete")
async def delete(
    challenge_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    gone = await service.delete(database, challenge_id, clock.now(), by=administrator.id)
    return redirect(CHALLENGES, _("%(name)s is deleted.") % {"name": gone.title})


def _values(form: Form) -> dict[str, str]:
    return {name: form[name] for name in NewChallenge.__struct_fields__}


async def _new(request: AnyRequest, viewer: Viewer, database: Database, clock: Clock, form: Form) -> Template:
    async with database.read() as session:
        day = await today(session, clock.now())
        choices = await _choices(session)
    return page(
        request,
        "gamification/teams_new_challenge.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        today=day,
        choices=choices,
    )


async def _one(
    request: AnyRequest,
    viewer: Viewer,
    database: Database,
    clock: Clock,
    challenge_id: str,
    *,
    terms: Form | None = None,
    ending: Form | None = None,
) -> Template:
    """Page of a challenge. `terms` and `ending` are its forms."""
    terms, ending = terms or Form(), ending or Form()
    async with database.read() as session:
        now = clock.now()
        found = await service.shown(session, challenge_id, now)
        return page(
            request,
            "gamification/teams_challenge.html",
            viewer=viewer,
            status_code=max(terms.status, ending.status),
            challenge=found,
            form=terms,
            ending=ending,
            today=await today(session, now),
            choices=await _choices(session),
            zone=(await institution.shown(session)).time_zone,
        )


async def _choices(session: AsyncSession) -> list[tuple[str, str]]:
    """Whom a challenge can be for, as options of a form."""
    courses = sorted((title, key) for key, title in await session.execute(select(Course.id, Course.title)))
    teams = sorted((name, key) for key, name in await session.execute(select(Team.id, Team.name)))
    return [
        ("everybody", _("All learners")),
        *((f"team:{key}", _("Team: %(name)s") % {"name": name}) for name, key in teams),
        *((f"course:{key}", _("Course: %(title)s") % {"title": title}) for title, key in courses),
    ]


ROUTES: list[ControllerRouterHandler] = [challenges, new_challenge, create, challenge, change, end, delete]
