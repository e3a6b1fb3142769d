"""Leaderboard over HTTP: API, page, hiding one's name, and the institution's switch."""

import pytest

from storage.database.engine import Database
from storage.database.tables import ScheduledTask
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.integration.gamification.boards.earning import earn_times
from tests.world.clock import START

API, PAGE, ADMIN = "/api/gamification/leaderboard", "/dashboard/leaderboard", "/admin/boards"


@pytest.fixture
async def emmy(make_account: MakeAccount, database: Database) -> Account:
    """With the most XP."""
    account = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    await earn_times(database, account.id, 3, START)
    return account


async def test_board_as_json(learner: Account, emmy: Account, database: Database) -> None:
    await earn_times(database, learner.id, 2, START)
    for timeframe in ("all_time", "monthly", "weekly"):
        found = (await learner.api.get(API, params={"timeframe": timeframe, "limit": 1})).json()
        assert (found["timeframe"], found["rank"], found["people"]) == (timeframe, 2, 2)
        assert found["places"] == [
            {"rank": 1, "user_id": emmy.id, "name": "Emmy Noether", "xp": 300, "level": 1,
             "own": False, "hidden": False}
        ]  # fmt: skip
        assert [one["own"] for one in found["neighbours"]] == [False, True]
    assert (await learner.api.get(API)).json()["timeframe"] == "all_time"
    for wrong in ({"limit": 0}, {"limit": 101}, {"timeframe": "daily"}):
        assert (await learner.api.get(API, params=wrong)).status_code == 400


async def test_learner_hides_and_shows_the_name_on_the_board(learner: Account, emmy: Account) -> None:
    page = (await emmy.browser.get(PAGE)).text
    assert "Hide my name" in page
    assert "Others see your name" in page
    done = await emmy.browser.post(f"{PAGE}/name", data={"action": "hide", "timeframe": "monthly"})
    assert done.headers["location"] == f"{PAGE}?timeframe=monthly"
    seen = (await learner.browser.get(PAGE)).text
    assert "Hidden learner" in seen
    assert "Emmy" not in seen
    assert emmy.id not in seen
    found = (await learner.api.get(API)).text
    assert "Emmy" not in found
    assert emmy.id not in found
    own = (await emmy.browser.get(PAGE)).text
    assert "Show my name" in own
    assert "Emmy Noether" in own
    await emmy.browser.post(f"{PAGE}/name", data={"action": "show", "timeframe": "weekly"})
    assert "Emmy Noether" in (await learner.browser.get(PAGE)).text


async def test_own_place_comes_before_the_top(learner: Account, emmy: Account, database: Database) -> None:
    await earn_times(database, learner.id, 1, START)
    page = (await learner.browser.get(PAGE)).text
    assert "Place 2 of 2" in page
    assert page.index('id="own-title"') < page.index('id="podium-title"') < page.index('id="top-title"')


async def test_last_weeks_podium_until_somebody_has_xp(
    emmy: Account, make_account: MakeAccount, database: Database, held_clock: HeldClock
) -> None:
    held_clock.advance(days=2)
    learner = await make_account("learner")
    page = (await learner.browser.get(PAGE)).text
    assert "Last week’s podium" in page
    assert "Emmy Noether" in page
    assert "Nobody has XP here yet" in page
    await earn_times(database, learner.id, 1, held_clock.now())
    page = (await learner.browser.get(PAGE)).text
    assert "Last week’s podium" not in page
    assert "Emmy Noether" not in page


async def test_boards_can_be_switched_off(learner: Account, emmy: Account, administrator: Account) -> None:
    assert f'href="{PAGE}"' in (await learner.browser.get("/dashboard")).text
    assert "Switch off" in (await administrator.browser.get(ADMIN)).text
    await administrator.browser.post(ADMIN, data={"action": "off"})
    assert f'href="{PAGE}"' not in (await learner.browser.get("/dashboard")).text
    assert (await learner.browser.get(PAGE)).status_code == 404
    refused = await learner.api.get(API)
    assert (refused.status_code, "switched them off" in refused.json()["detail"]) == (404, True)
    assert "Switch on" in (await administrator.browser.get(ADMIN)).text
    await administrator.browser.post(ADMIN, data={"action": "on"})
    assert f'href="{PAGE}"' in (await learner.browser.get("/dashboard")).text
    assert (await learner.api.get(API)).json()["people"] == 1


async def test_rebuild_is_a_task_that_becomes_due(
    administrator: Account, database: Database, held_clock: HeldClock
) -> None:
    asked = await administrator.api.post("/api/gamification/admin/leaderboard/rebuild")
    assert (asked.status_code, asked.json()["last_ended"]) == (202, None)
    held_clock.advance(minutes=5)
    await administrator.browser.post(ADMIN, data={"action": "rebuild"})
    async with database.read() as session:
        row = await session.get_one(ScheduledTask, "leaderboards")
    assert row.due_at == START
    assert "It has not run yet." in (await administrator.browser.get(ADMIN)).text
