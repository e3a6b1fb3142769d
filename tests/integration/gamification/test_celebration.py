"""Celebration of levels and achievements: once a person, on whichever device asks first."""

import asyncio

from server.core.events import Event, publish
from server.gamification.learner import celebrating
from storage.database.engine import Database
from storage.database.tables import Course, GamePreference
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.world.builder import World
from tests.world.clock import START

CELEBRATIONS = "/api/gamification/celebrations"


@on_both_databases
async def test_of_many_devices_at_once_one_celebrates(
    world: World, learner: Account, database: Database
) -> None:
    await world.completed(await world.lesson(), learner)
    taken = await asyncio.gather(*(celebrating.take(database, learner.id, START) for _ in range(16)))
    assert sorted(len(one.achievements) for one in taken) == [0] * 15 + [1]
    assert sorted(one.level_up for one in taken) == [False] * 15 + [True]


@on_both_databases
async def test_what_is_told(world: World, learner: Account, held_clock: HeldClock) -> None:
    await world.completed(await world.lesson(), learner)
    told = (await learner.api.post(CELEBRATIONS, json={})).json()
    assert (told["message"], told["level_message"]) == (
        "+250 XP · First Steps",
        "You have reached level 1.",
    )
    assert [one["id"] for one in told["achievements"]] == ["first_steps"]
    again = (await learner.api.post(CELEBRATIONS, json={"since": told["cursor"]})).json()
    assert (again["message"], again["level_message"], again["xp"]) == ("", "", 0)
    await world.completed(await world.lesson(), learner)
    more = (await learner.api.post(CELEBRATIONS, json={"since": told["cursor"]})).json()
    assert (more["message"], more["level_message"]) == ("+50 XP", "")
    held_clock.advance(minutes=3)
    elsewhere = (await learner.api.post(CELEBRATIONS, json={})).json()
    assert elsewhere["message"] == ""  # what was earned long ago is not told as new


async def test_level_that_was_lost_and_reached_again_is_not_celebrated_again(
    learner: Account, database: Database
) -> None:
    for number in range(4):
        await say(database, learner.id, FactKind.POST_CREATED, str(number))
    assert (await celebrating.take(database, learner.id, START)).level_up
    await say(database, learner.id, FactKind.POST_DELETED, "0")
    await say(database, learner.id, FactKind.POST_CREATED, "5")
    assert not (await celebrating.take(database, learner.id, START)).level_up


async def say(database: Database, user_id: str, kind: FactKind, subject: str) -> None:
    async with database.write() as session:
        await publish(session, Event(kind=kind, user_id=user_id, subject=subject, at=START))


async def test_marking_as_read_tells_what_it_earned(
    world: World, learner: Account, database: Database
) -> None:
    course: Course = await world.course(learners=[learner])
    lesson = await world.lesson(course, text="Light.")
    await world.lesson(course, text="Rays.")
    here = f"/dashboard/courses/{course.id}/lessons/{lesson.id}"
    assert (await learner.browser.post(f"{here}/read")).status_code == 303
    shown = (await learner.browser.get(here)).text
    assert "The lesson is completed: +250 XP · First Steps · You have reached level 1." in shown
    await learner.browser.post(f"{here}/read")
    assert "The lesson is completed." in (await learner.browser.get(here)).text
    told = await celebrating.take(database, learner.id, START)
    assert (told.achievements, told.level_up) == ([], False)


async def test_profile_is_shown_as_far_as_the_learner_allows(
    world: World, learner: Account, make_account: MakeAccount, database: Database
) -> None:
    stranger = await make_account("learner", "stranger@example.edu")
    await world.completed(await world.lesson(), learner)
    page, preferences = f"/dashboard/people/{learner.id}", "/api/gamification/preferences"
    assert (await stranger.browser.get(page)).status_code == 404
    assert "Show my profile" in (await learner.browser.get(page)).text
    await learner.browser.post("/dashboard/profile", data={"profile_public": "on"})
    shown = await stranger.browser.get(page)
    assert shown.status_code == 200
    assert "First Steps" in shown.text
    assert "Show my profile" not in shown.text
    told = (await learner.api.patch(preferences, json={"name_hidden": True})).json()
    assert told == {"profile_public": True, "name_hidden": True}
    await learner.browser.post("/dashboard/profile", data={})
    assert (await stranger.browser.get(page)).status_code == 404
    async with database.read() as session:
        row = await session.get_one(GamePreference, learner.id)
    assert (row.profile_public, row.name_hidden) == (False, True)
