"""Pages of a learner's achievements and profile."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.text.i18n import gettext as _
from server.core.web.flash import redirect
from server.core.web.forms import Form
from server.core.web.pages import page
from server.gamification.learner import access, achievements, preferences
from server.gamification.learner.lines import pages as lines
from server.gamification.learner.preferences import PreferencesPatch
from server.gamification.learner.schemas import AchievementView
from server.gamification.learner.shares import AchievementShares
from server.gamification.learner.stats import stats
from server.gamification.learner.streaks import pages as streaks
from server.institution import service as institution
from server.library.pages.shared import AnyRequest
from storage.database.engine import Database
from storage.states import Rarity

PROFILE = "/dashboard/people/{user_id:str}"


@get("/dashboard/achievements")
async def achievements_page(
    request: AnyRequest,
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    achievement_shares: NamedDependency[AchievementShares],
) -> Template:
    shares = await achievement_shares()
    async with database.read() as session:
        found = await achievements.of_person(session, viewer.id, shares=shares)
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "gamification/achievements.html",
        viewer=viewer,
        groups=_by_rarity(found),
        unlocked=sum(one.unlocked_at is not None for one in found),
        count=len(found),
        zone=zone,
    )


@get(PROFILE)
async def profile_page(
    request: AnyRequest,
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Template:
    """Level, achievements and streak, as far as the person allows."""
    async with database.read() as session:
        person = await access.require_shown(session, viewer, user_id)
        shown = await stats(session, user_id, clock.now())
        found = await achievements.of_person(session, user_id)
        allowed = await preferences.of_person(session, user_id)
        zone = (await institution.shown(session)).time_zone
    return page(
        request,
        "gamification/person.html",
        viewer=viewer,
        name=person.name,
        own=user_id == viewer.id,
        stats=shown,
        unlocked=[one for one in found if one.unlocked_at],
        preferences=allowed,
        zone=zone,
    )


@post("/dashboard/profile")
async def choose_profile(
    request: AnyRequest, viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Redirect:
    """Field `profile_public`, of a box: not sent when it is not ticked."""
    public = (await Form.read(request)).checked("profile_public")
    await preferences.change(database, viewer.id, PreferencesPatch(profile_public=public))
    told = (
        _("Everybody who is signed in can see your profile now.")
        if public
        else _("Only those who teach you and administrators can see your profile now.")
    )
    return redirect(f"/dashboard/people/{viewer.id}", told)


def _by_rarity(found: list[AchievementView]) -> list[tuple[Rarity, list[AchievementView]]]:
    """From common to legendary; rarities without an achievement are left out."""
    groups = [(rarity, [one for one in found if one.rarity == rarity]) for rarity in Rarity]
    return [(rarity, members) for rarity, members in groups if members]


ROUTES: list[ControllerRouterHandler] = [
    achievements_page,
    profile_page,
    choose_profile,
    *lines.ROUTES,
    *streaks.ROUTES,
]
