"""A learner completes a lesson in the browser: XP, First Steps, the level's bar and the streak."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.async_api import Browser, Page, expect

from server.core.events import note_activity
from storage.database.tables import Course
from tests.e2e.shots import Shots
from tests.e2e.test_toasts import RECORD, announced
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.axe import violations
from tests.fixtures.server_process import Campus
from tests.world.builder import World

pytestmark = pytest.mark.e2e


@pytest.fixture
async def course(campus: Campus) -> Course:
    """With two texts that the campus's learner is enrolled in."""
    people = {name: SimpleNamespace(id=user_id) for name, user_id in campus.school.users.items()}
    world = campus.world
    course = await world.course("Optics", instructors=[people["teacher"]], learners=[people["learner"]])
    for title in ("Lenses", "Rays"):
        await world.lesson(course, title, text="Light bends.")
    return course


@pytest.fixture
async def learner(page: Page, campus: Campus) -> Page:
    expect.set_options(timeout=20_000)
    await signed_in(page.context, campus, "learner")
    await page.add_init_script(RECORD)
    return page


async def test_lesson_earns_xp_an_achievement_and_a_day(
    learner: Page, campus: Campus, course: Course, shots: Shots
) -> None:
    url = campus.server.url
    await learner.goto(f"{url}/dashboard")
    card = learner.locator(".game-card")
    await expect(card.get_by_text("Level 0")).to_be_visible()
    await learner.get_by_role("link", name="Read Lenses").click()
    await learner.get_by_role("button", name="Mark as read").click()
    await announced(learner, "status", "XP · First Steps · You have reached level 1.")
    async with campus.client("learner") as program:
        xp = (await program.get("/api/gamification/stats")).json()["total_xp"]
    assert xp in (250, 270)  # on a Saturday and Sunday the day pays nothing
    await expect(learner.locator(".toast")).to_contain_text(f"The lesson is completed: +{xp} XP")
    await shots.take(learner, "xp-toast")

    await learner.goto(f"{url}/dashboard")
    await expect(card.get_by_text("Level 1")).to_be_visible()
    await expect(card.get_by_role("link", name=f"{xp} XP")).to_be_visible()
    await expect(card.get_by_role("progressbar")).to_have_js_property("value", xp - 100)
    await expect(card.get_by_text(re.compile("Today counts|Today is a day off"))).to_be_visible()
    await expect(card.get_by_role("link", name="1 of 12")).to_be_visible()
    await shots.take(learner, "dashboard-xp")
    await card.get_by_role("link", name=f"{xp} XP").click()
    row = learner.get_by_role("row").filter(has_text="You completed “Lenses”.")
    await expect(row).to_contain_text("+50")
    await row.get_by_role("link").click()
    await expect(learner.get_by_role("heading", name="Lenses", level=1)).to_be_visible()


async def test_celebrated_on_one_device_only(
    browser: Browser, learner: Page, campus: Campus, course: Course
) -> None:
    """What was earned elsewhere, as by a program: the first page that is opened celebrates it."""
    async with campus.client("learner") as program:
        lessons = (await program.get(f"/api/courses/{course.id}/lessons")).json()
        done = await program.post(f"/api/lessons/{lessons[0]['id']}/complete")
        assert done.json()["xp_awarded"] == 250
    await learner.goto(f"{campus.server.url}/dashboard")
    await announced(learner, "status", "+250 XP · First Steps · You have reached level 1.")
    other = await browser.new_context()
    await signed_in(other, campus, "learner")
    page = await other.new_page()
    await page.goto(f"{campus.server.url}/dashboard")
    await expect(page.locator(".game-card")).to_be_visible()
    await expect(page.locator("[data-earned]")).to_have_count(0)
    await learner.reload()
    await expect(learner.locator("[data-earned]")).to_have_count(0)
    await other.close()


async def test_pages_with_much_in_them(learner: Page, campus: Campus, course: Course, shots: Shots) -> None:
    """Months of learning: every page in four looks, and without a serious fault by axe."""
    world: World = campus.world
    user = campus.school.users["learner"]
    await fill(world, user)
    url = campus.server.url
    pages = {
        "dashboard-level": "/dashboard",
        "achievements": "/dashboard/achievements",
        "xp": "/dashboard/xp",
        "streak": "/dashboard/streak",
        "profile": f"/dashboard/people/{user}",
    }
    for name, path in pages.items():
        await learner.goto(url + path)
        await expect(learner.get_by_role("heading", level=1)).to_be_visible()
        if await learner.locator("[data-earned]").count():
            await learner.locator(".toast").first.wait_for()
        for toast in await learner.locator(".toast [data-dismiss]").all():
            await toast.click()
        await shots.take(learner, name)
        for scheme in ("light", "dark"):
            await learner.emulate_media(color_scheme=scheme)
            assert await violations(learner) == [], (name, scheme)


async def test_break_is_planned_and_withdrawn(learner: Page, campus: Campus, course: Course) -> None:
    await learner.goto(f"{campus.server.url}/dashboard/streak")
    earliest = await learner.get_by_label("First day").get_attribute("min")
    assert earliest
    await learner.get_by_label("First day").fill(earliest)
    await learner.get_by_label("Last day").fill(earliest)
    await learner.get_by_role("button", name="Plan the break").click()
    await announced(learner, "status", "Your break is planned.")
    await learner.get_by_role("button", name=re.compile("Withdraw")).click()
    await announced(learner, "status", "The break is withdrawn.")


async def fill(world: World, user: str) -> None:
    """Weekdays of three months but a few, and some lessons."""
    now = world.now()
    async with world.database.write() as session:
        for back in range(90, -1, -1):
            if back not in (50, 51, 30, 12, 9):
                await note_activity(session, [user], now - timedelta(days=back))
    person = SimpleNamespace(id=user)
    for number in range(12):
        await world.completed(await world.lesson(title=f"Chapter {number + 1}"), person)
