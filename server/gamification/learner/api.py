"""Stats, achievements and completions (spec section 2). No call takes an amount of XP."""

from typing import Annotated

import msgspec
from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.text.formats import translated
from server.gamification.learner import access, achievements, celebrating, completing, preferences, stats
from server.gamification.learner.celebrating import Celebration
from server.gamification.learner.lines import api as lines
from server.gamification.learner.preferences import Preferences, PreferencesPatch
from server.gamification.learner.schemas import AchievementView, Checked, Completed, Stats, StreakUpdated
from server.gamification.learner.shares import AchievementShares
from server.gamification.learner.streaks import api as streaks
from server.gamification.xp import ledger
from server.gamification.xp.streaks import DayState
from storage.database.engine import Database
from storage.messages import N_

TAGS = ["Gamification"]
BASE = "/api/gamification"
Cursor = Annotated[str, msgspec.Meta(max_length=40, pattern="^[0-9a-f]*$")]


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cursor` of the last celebration that the caller showed."""

    since: Cursor = ""


@post("/api/lessons/{lesson_id:str}/complete", status_code=200, tags=["Learning"])
async def complete_lesson(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Completed:
    """Complete a lesson: a text that was read, or a video, refused with what is missing until enough of it
    was watched. Idempotent: a second time earns nothing."""
    return await completing.complete(database, viewer, lesson_id, clock.now())


@get(f"{BASE}/stats", tags=TAGS)
async def own_stats(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> Stats:
    """The caller's level, XP, streak, rank and counts."""
    async with database.read() as session:
        return await stats.stats(session, viewer.id, clock.now())


@get(f"{BASE}/stats/{{user_id:str}}", tags=TAGS)
async def stats_of(
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Stats:
    """Another person's, as far as they allow it."""
    async with database.read() as session:
        await access.require_shown(session, viewer, user_id)
        return await stats.stats(session, user_id, clock.now())


@get(f"{BASE}/achievements", tags=TAGS)
async def own_achievements(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    achievement_shares: NamedDependency[AchievementShares],
) -> list[AchievementView]:
    """All achievements, with the caller's progress and how many learners have each."""
    shares = await achievement_shares()
    async with database.read() as session:
        return await achievements.of_person(session, viewer.id, shares=shares)


@get(f"{BASE}/achievements/{{user_id:str}}", tags=TAGS)
async def achievements_of(
    user_id: FromPath[str], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> list[AchievementView]:
    """What another person has unlocked, as far as they allow it."""
    async with database.read() as session:
        await access.require_shown(session, viewer, user_id)
        return [one for one in await achievements.of_person(session, user_id) if one.unlocked_at]


@post(f"{BASE}/achievements/check", status_code=200, tags=TAGS)
async def check_achievements(viewer: NamedDependency[Viewer], database: NamedDependency[Database]) -> Checked:
    """Settle what the caller's facts are worth. Without new facts it changes nothing."""
    async with database.write() as session:
        outcome = await ledger.settle(session, viewer.id)
    async with database.read() as session:
        unlocked = await achievements.of_person(session, viewer.id, outcome.unlocked)
    told = N_("New achievements are unlocked.") if unlocked else N_("There is nothing new.")
    return Checked(message=translated(told), unlocked=unlocked)


OFF = N_("Today is a day off: your streak stays as it is.")
LEARN = N_("Learn something today to go on with it.")
TOLD_OF_TODAY: dict[str, str] = {
    DayState.LEARNED: N_("Today counts."),
    DayState.EXTRA: OFF,
    DayState.OFF: OFF,
}


@post(f"{BASE}/streak/update", status_code=200, tags=TAGS)
async def update_streak(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> StreakUpdated:
    """Settle the days on which the caller learned. Calling it is no learning."""
    async with database.write() as session:
        await ledger.settle(session, viewer.id)
    async with database.read() as session:
        day = await stats.today(session, clock.now())
        found = stats.streak_view(await stats.streak(session, viewer.id, day), day)
    return StreakUpdated(message=translated(TOLD_OF_TODAY.get(found.today, LEARN)), streak=found)


@post(f"{BASE}/celebrations", status_code=200, tags=TAGS)
async def take_celebrations(
    data: JSONBody[Shown],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Celebration:
    """Levels and achievements that the caller was not shown yet: each is returned once, to one device. `xp`
    is what was earned in the last minutes, after `since`."""
    return await celebrating.take(database, viewer.id, clock.now(), data.since)


@get(f"{BASE}/preferences", tags=TAGS)
async def own_preferences(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Preferences:
    """What the caller lets others see."""
    async with database.read() as session:
        return await preferences.of_person(session, viewer.id)


@patch(f"{BASE}/preferences", tags=TAGS)
async def change_preferences(
    data: JSONBody[PreferencesPatch], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Preferences:
    """Only the given fields change."""
    return await preferences.change(database, viewer.id, data)


ROUTES: list[ControllerRouterHandler] = [
    complete_lesson,
    own_stats,
    stats_of,
    own_achievements,
    achievements_of,
    check_achievements,
    update_streak,
    take_celebrations,
    own_preferences,
    change_preferences,
    *lines.ROUTES,
    *streaks.ROUTES,
]
