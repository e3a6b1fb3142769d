"""Long lists on a phone, by keyboard: a person among 2,000 and a course among 203."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from server.accounts.signing_in import sessions
from server.core.clock import SystemClock
from server.core.web.cookies import cookie_name
from tests.e2e.shots import Shots
from tests.fixtures.crowd import add_courses, add_people, enrol_all
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

SignIn = Callable[[str], Awaitable[None]]


@pytest.fixture
async def sign_in(page: Page, campus: Campus) -> SignIn:
    """`await sign_in("learner")`, on a phone."""
    expect.set_options(timeout=20_000)
    await page.set_viewport_size({"width": 390, "height": 844})

    async def sign_in(name: str) -> None:
        school, url = campus.school, campus.server.url
        async with school.database.write() as session:
            secret = await sessions.start(
                session, school.users[name], replacing=None, now=SystemClock().now()
            )
        await page.context.add_cookies([{"name": cookie_name(url), "value": secret, "url": url}])

    return sign_in


async def search(page: Page, label: str, text: str) -> None:
    """Types into the field, which has the focus afterwards."""
    field = page.get_by_role("searchbox", name=label)
    await field.focus()
    await page.keyboard.type(text, delay=20)
    await expect(field).to_have_value(text)


async def test_person_is_found_by_keyboard(page: Page, campus: Campus, sign_in: SignIn, shots: Shots) -> None:
    await add_people(campus.school.database, 2000)
    await sign_in("administrator")
    await page.goto(f"{campus.server.url}/admin/people")
    totals = page.locator("#people-total")
    await expect(totals).to_have_text("1–50 of 2,004 people")
    region = await totals.element_handle()
    await shots.take(page, "people")
    await page.set_viewport_size({"width": 390, "height": 844})

    await search(page, "Name or email address", "0433 dvorak")
    await expect(totals).to_have_text("0 of 2,004 people match")
    await shots.take(page, "nothing")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.keyboard.press("ControlOrMeta+a")
    await search(page, "Name or email address", "0433 WEISS")
    await expect(totals).to_have_text("1 of 2,004 people matches")
    assert await page.evaluate("region => region.isConnected", region)  # a replaced region is not read out
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await expect(page).to_have_url(f"{campus.server.url}/admin/people?search=0433+WEISS&sort=name")

    await page.reload()
    await expect(totals).to_have_text("1 of 2,004 people matches")
    await expect(page.get_by_role("searchbox")).to_have_value("0433 WEISS")
    link = page.get_by_role("link", name="Jürgen Weiß 0433")
    await tab_to(page, "Jürgen Weiß 0433")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Jürgen Weiß 0433")).to_be_visible()
    await page.go_back()
    await expect(totals).to_have_text("1 of 2,004 people matches")
    await expect(page.get_by_role("searchbox")).to_have_value("0433 WEISS")
    await expect(link).to_be_visible()


async def tab_to(page: Page, text: str) -> None:
    """Presses Tab until the element with this text has the focus."""
    for _ in range(60):
        if text in await page.evaluate("document.activeElement.textContent"):
            tag = await page.evaluate("document.activeElement.tagName")
            if tag == "A":
                return
        await page.keyboard.press("Tab")
    raise AssertionError(f"“{text}” cannot be reached by Tab")


async def test_course_is_found_by_keyboard(page: Page, campus: Campus, sign_in: SignIn, shots: Shots) -> None:
    school = campus.school
    made = await add_courses(
        school.database, 203, teacher_id=school.users["teacher"], description="Light. " * 90
    )
    await enrol_all(school.database, made, [school.users["learner"]])
    await sign_in("teacher")
    await page.goto(f"{campus.server.url}/teach")
    totals = page.locator("#courses-total")
    await expect(totals).to_have_text("1–50 of 204 courses")
    await shots.take(page, "teach")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("link", name="Drafts 21").click()
    await expect(totals).to_have_text("21 courses")
    await search(page, "Title of a course", "roman")
    await expect(totals).to_have_text("3 of 21 courses match")
    await expect(page.get_by_role("link", name="Published 183")).to_have_attribute(
        "href", "/teach?search=roman&status=published"
    )
    await page.get_by_label("Sort by").select_option("newest")
    await expect(page).to_have_url(f"{campus.server.url}/teach?status=draft&search=roman&sort=newest")
    await page.go_back()
    await expect(totals).to_have_text("1–50 of 204 courses")

    await sign_in("learner")
    await page.goto(f"{campus.server.url}/dashboard?sort=newest")
    await expect(totals).to_have_text("1–24 of 183 courses")
    await shots.take(page, "dashboard")
    await page.set_viewport_size({"width": 390, "height": 844})
    await search(page, "Title of a course", "137 ALGÉBRA")
    await expect(totals).to_have_text("0 of 183 courses match")
    await page.get_by_role("link", name="Clear the search").click()
    await expect(totals).to_have_text("1–24 of 183 courses")
    await search(page, "Title of a course", "141 ALGÉBRA")
    await page.keyboard.press("Enter")
    await expect(totals).to_have_text("1 of 183 courses matches")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.reload()
    await expect(page.get_by_role("link", name="Algebra 141")).to_be_visible()


async def test_enrolled_people_are_searched_and_removed(
    page: Page, campus: Campus, sign_in: SignIn, shots: Shots
) -> None:
    school = campus.school
    everybody = await add_people(school.database, 2000)
    await enrol_all(school.database, [school.course_id], everybody)
    await sign_in("teacher")
    address = f"{campus.server.url}/teach/courses/{school.course_id}/people"
    await page.goto(address)
    totals = page.locator("#learners-total")
    await expect(totals).to_have_text("1–50 of 2,000 people")
    await shots.take(page, "learners")
    await page.set_viewport_size({"width": 390, "height": 844})
    await search(page, "Name or email address", "munoz")
    await expect(totals).to_have_text("200 of 2,000 people match")
    await page.get_by_role("link", name="Next").click()
    await expect(page.get_by_text("Page 2 of 4")).to_be_visible()
    await page.get_by_role("button", name="Remove").first.click()
    await expect(totals).to_have_text("199 of 1,999 people match")
    await expect(page).to_have_url(f"{address}?search=munoz&page=2")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("1 person enrolled.")).to_be_visible()
    await expect(totals).to_have_text("1–50 of 2,000 people")
