"""Two editors of one lesson in two browsers, on a phone: both texts are shown, none is lost."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from server.accounts.signing_in import sessions
from server.core.clock import SystemClock
from server.core.web.cookies import cookie_name
from storage.database.tables import Lesson
from tests.e2e.shots import Shots
from tests.e2e.uploading import course_url, lesson_url
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e
PHONE: ViewportSize = {"width": 390, "height": 844}


async def signed_in(context: BrowserContext, campus: Campus, who: str) -> None:
    async with campus.school.database.write() as session:
        secret = await sessions.start(
            session, campus.school.users[who], replacing=None, now=SystemClock().now()
        )
    await context.add_cookies(
        [{"name": cookie_name(campus.server.url), "value": secret, "url": campus.server.url}]
    )


async def description(campus: Campus) -> str:
    async with campus.school.database.read() as session:
        return (await session.get_one(Lesson, campus.school.lesson_id)).description


async def save_as_somebody_else(browser: Browser, campus: Campus, text: str) -> None:
    context = await browser.new_context(viewport=PHONE)
    await signed_in(context, campus, "administrator")
    page = await context.new_page()
    await page.goto(lesson_url(campus))
    await page.get_by_label("Description").fill(text)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("choice", ["mine", "saved"])
async def test_both_texts_are_shown_and_one_is_chosen(
    browser: Browser, teacher: Page, campus: Campus, shots: Shots, choice: str
) -> None:
    await teacher.set_viewport_size(PHONE)
    await teacher.goto(lesson_url(campus))
    field = teacher.get_by_label("Description")
    await field.fill("Merge sort splits the list in halves.\nIt is stable.")
    await save_as_somebody_else(browser, campus, "Merge sort splits the input in halves.\nIt is stable.")
    await teacher.get_by_role("button", name="Save").click()
    conflict = teacher.locator("[data-conflict]")
    await expect(conflict).to_be_in_viewport()
    await expect(conflict).to_be_focused()
    await expect(conflict.locator("[data-side=yours] mark")).to_have_text("list ")
    await expect(conflict.locator("[data-side=saved] mark")).to_have_text("input ")
    await expect(field).to_have_value("Merge sort splits the list in halves.\nIt is stable.")
    assert "input" in await description(campus)
    yours, theirs = [
        await conflict.locator(f"[data-side={side}]").bounding_box() for side in ("yours", "saved")
    ]
    assert yours
    assert theirs
    assert theirs["y"] >= yours["y"] + yours["height"]
    if choice == "mine":
        await shots.take(teacher, "conflict")
        await teacher.get_by_role("button", name="Save mine").click()
        await expect(conflict).to_have_count(0)
        await expect(teacher.get_by_text("Saved.")).to_be_visible()
        assert "list" in await description(campus)
    else:
        await teacher.get_by_role("link", name="Keep the saved text").click()
        await expect(conflict).to_have_count(0)
        await expect(field).to_have_value("Merge sort splits the input in halves.\nIt is stable.")
        await expect(teacher.locator("[data-kept]")).to_have_count(0)
        assert "input" in await description(campus)


async def test_conflict_on_a_whole_page(
    browser: Browser, teacher: Page, campus: Campus, shots: Shots
) -> None:
    """Course settings: a form without htmx."""
    await teacher.goto(f"{course_url(campus)}/settings")
    await teacher.get_by_label("Title").fill("Algorithms and data structures")
    other = await browser.new_context(viewport=PHONE)
    await signed_in(other, campus, "administrator")
    page = await other.new_page()
    await page.goto(f"{course_url(campus)}/settings")
    await page.get_by_label("Title").fill("Algorithms II")
    await page.get_by_label("Description").fill("Sorting and searching.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await other.close()
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.locator("[data-side=yours]")).to_have_text("Algorithms and data structures")
    await expect(teacher.locator("[data-side=saved]")).to_have_text("Algorithms II")
    await expect(teacher.get_by_label("Description")).to_have_value("Sorting and searching.")
    await shots.take(teacher, "conflict-course")
    await teacher.get_by_role("button", name="Save mine").click()
    await expect(teacher.get_by_label("Title")).to_have_value("Algorithms and data structures")
    await expect(teacher.get_by_text("Saved.")).to_be_visible()
