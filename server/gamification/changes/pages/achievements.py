"""Achievements for administrators: the list, creating and editing one, retiring one and bringing it back."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from server.accounts.dependencies import AnyRequest
from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.errors import Invalid
from server.core.text.formats import number, translated
from server.core.text.i18n import gettext as _
from server.core.text.i18n import ngettext
from server.core.web.flash import redirect
from server.core.web.forms import KEY, Form
from server.core.web.pages import page
from server.gamification.changes import proposing, service, viewing
from server.gamification.changes.pages.values import CHANGES
from server.gamification.changes.schemas import AchievementRule
from storage.database.engine import Database

HERE = "/admin/achievements"
ONE = f"{HERE}/{{achievement_id:str}}"


@get(HERE)
async def achievements_page(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    async with database.read() as session:
        found = await viewing.achievements(session, clock.now())
    return page(request, "gamification/admin_achievements.html", viewer=administrator, achievements=found)


@get(f"{HERE}/new")
async def new_page(request: AnyRequest, administrator: NamedDependency[Viewer]) -> Template:
    return _page(request, administrator, None, Form())


@post(f"{HERE}/new")
async def propose_new(
    request: AnyRequest,
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form of an achievement. It is made on the next page, with the count of those who have reached it."""
    form = await Form.read(request)
    if form.restored:
        return _page(request, administrator, None, form)
    try:
        change = proposing.entered(form.values)
        change_id = await service.propose(database, administrator, change, clock.now())
    except Invalid as problem:
        return _page(request, administrator, None, form.refused(problem))
    return redirect(f"{CHANGES}/{change_id}", saved=form[KEY])


@get(ONE)
async def edit_page(
    request: AnyRequest,
    achievement_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    row = await _one(database, achievement_id, clock)
    return _page(request, administrator, row, Form())


@post(ONE)
async def edit(
    request: AnyRequest,
    achievement_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Form of an achievement. Other terms, points or a return of a retired one are looked at first."""
    form = await Form.read(request)
    row = await _one(database, achievement_id, clock)
    if form.restored:
        return _page(request, administrator, row, form)
    try:
        change = proposing.entered(_untranslated(form, row), achievement_id)
        if await proposing.save_if_only_told(database, change, row.points):
            return redirect(HERE, _("Saved."), saved=form[KEY])
        change_id = await service.propose(database, administrator, change, clock.now())
    except Invalid as problem:
        return _page(request, administrator, row, form.refused(problem))
    return redirect(f"{CHANGES}/{change_id}", saved=form[KEY])


@post(f"{ONE}/retire")
async def retire(
    achievement_id: FromPath[str],
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Idempotent."""
    await service.retire(database, achievement_id, clock.now(), by=administrator.id)
    return redirect(HERE, _("Nobody unlocks it any more. Those who have it keep it."), "info")


@post(f"{HERE}/seed")
async def seed(
    administrator: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[Any]:
    """Put missing default achievements back. Idempotent."""
    count = len(await service.seed(database, clock.now(), by=administrator.id))
    if not count:
        return redirect(HERE, _("None of the default achievements is missing."), "info")
    told = ngettext("%(number)s achievement is back.", "%(number)s achievements are back.", count)
    return redirect(HERE, told % {"number": number(count)})


async def _one(database: Database, achievement_id: str, clock: Clock) -> AchievementRule:
    async with database.read() as session:
        await proposing.require(session, achievement_id)
        found = await viewing.achievements(session, clock.now())
        return next(one for one in found if one.id == achievement_id)


def _untranslated(form: Form, row: AchievementRule) -> dict[str, str]:
    """Texts of a default achievement that was left as it is stay keys of the message catalogue."""
    told = {"name": row.name, "description": row.description}
    kept = {name: text for name, text in told.items() if form[name] == translated(text)}
    return {**form.values, **kept}


def _page(request: AnyRequest, viewer: Viewer, row: AchievementRule | None, form: Form) -> Template:
    return page(
        request,
        "gamification/admin_achievement.html",
        viewer=viewer,
        status_code=form.status,
        form=form,
        row=row,
    )


ROUTES: list[ControllerRouterHandler] = [
    achievements_page,
    new_page,
    propose_new,
    edit_page,
    edit,
    retire,
    seed,
]
