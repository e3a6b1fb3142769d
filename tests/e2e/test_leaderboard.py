"""Leaderboard in a browser: somebody far down sees themselves at once, and hides their name."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import insert

from server.gamification.boards import people
from server.gamification.boards.rebuild import rebuild
from storage.database.base import new_id
from storage.database.tables import Institution, XpTransaction
from storage.states import LineReason, XpRule
from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.axe import violations
from tests.fixtures.crowd import add_people
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e
CROWD = 300


async def fill(campus: Campus) -> None:
    """A crowd with XP, of whom some hide their names, and the school's learner far down."""
    database, now = campus.school.database, campus.world.now()
    crowd = await add_people(database, CROWD)
    async with database.write() as session:
        await session.merge(Institution(id=1, time_zone="UTC", day_start_hour=0))
    ids = [*crowd, campus.school.users["learner"]]
    lines = [
        {
            "id": new_id(),
            "user_id": user_id,
            "rule": XpRule.QUIZ_PASSED,
            "subject": "quiz",
            "amount": 10 * (1 + (CROWD + 1 - number) // 2),  # pairs with the same
            "reason": LineReason.EARNED,
            "rule_version": 1,
            "at": now - timedelta(seconds=number),
            "local_day": now.date().isoformat(),
        }
        for number, user_id in enumerate(ids)
    ]
    async with database.write() as session:
        await session.execute(insert(XpTransaction), lines)
    await rebuild(database, now)
    for user_id in (crowd[1], crowd[-1]):
        await people.hide_name(database, user_id, hidden=True)


async def test_own_place_and_name(page: Page, campus: Campus, shots: Shots) -> None:
    await fill(campus)
    await signed_in(page.context, campus, "learner")
    await page.goto(campus.server.url + "/dashboard")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Leaderboard").click()
    own = page.get_by_role("region", name="Your place")
    await expect(own.get_by_text("Place 301 of 301")).to_be_in_viewport()
    await expect(own.locator("tr[aria-current]")).to_be_in_viewport()
    await expect(
        page.get_by_role("table", name="This week: 301 learners with XP").locator("tbody tr")
    ).to_have_count(100)
    await expect(page.get_by_role("region", name="Podium").get_by_text("Hidden learner")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await violations(page) == []
    await shots.take(page, "leaderboard")
    await own.get_by_role("button", name="Hide my name").click()
    await expect(page.get_by_text("Your name is hidden on all boards.")).to_be_visible()
    await expect(own.get_by_text("hidden from others")).to_be_visible()
    await own.get_by_role("button", name="Show my name").click()
    await expect(own.get_by_text("hidden from others")).to_be_hidden()
    await page.get_by_role("link", name="All time").click()
    await expect(own.get_by_text("Place 301 of 301")).to_be_visible()
