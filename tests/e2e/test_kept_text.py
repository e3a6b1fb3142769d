"""Typed text survives an ended session, a reload and a closed window, with and without JavaScript."""

import json
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher
from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete, update

from storage.database.tables import Lesson, User, UserSession
from tests.e2e.shots import Shots
from tests.e2e.site import PASSWORD, sign_in
from tests.e2e.test_two_editors import PHONE, description, signed_in
from tests.e2e.uploading import course_url, lesson_url
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e
TEXT = "Quicksort is fast on average.\nIts worst case is quadratic."
RESTORED = "What you typed before you were signed out is back."


@pytest.fixture
async def school(campus: Campus) -> Campus:
    """Campus whose people can sign in with PASSWORD."""
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with campus.school.database.write() as session:
        await session.execute(update(User).values(password_hash=hashed))
    return campus


@pytest.fixture
async def plain(browser: Browser, school: Campus) -> AsyncIterator[Page]:
    """Page without JavaScript, signed in as the teacher, on a phone."""
    context = await browser.new_context(viewport=PHONE, java_script_enabled=False)
    await signed_in(context, school, "teacher")
    yield await context.new_page()
    await context.close()


async def end_sessions(campus: Campus) -> None:
    async with campus.school.database.write() as session:
        await session.execute(delete(UserSession))


async def fill_sign_in(page: Page, email: str) -> None:
    await page.get_by_label("Email address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("form", ["lesson", "course"])  # with htmx, and a whole page
async def test_session_that_ends_in_the_middle_of_a_text(
    teacher: Page, school: Campus, shots: Shots, form: str
) -> None:
    page = lesson_url(school) if form == "lesson" else f"{course_url(school)}/settings"
    await teacher.set_viewport_size(PHONE)
    await teacher.goto(page)
    await teacher.get_by_label("Description").fill(TEXT)
    await end_sessions(school)
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_text("Your session has ended. What you typed is kept")).to_be_visible()
    if form == "lesson":
        await shots.take(teacher, "sign-in-with-text")
    await fill_sign_in(teacher, "teacher@example.edu")
    await expect(teacher.get_by_text(RESTORED)).to_be_visible()
    await expect(teacher.get_by_label("Description")).to_have_value(TEXT)
    await expect(teacher.locator("[data-kept]")).to_have_count(0)  # one notice is enough
    if form == "lesson":
        assert await description(school) == ""
        await shots.take(teacher, "restored-text")
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_text("Saved.")).to_be_visible()
    await teacher.goto(page)
    await expect(teacher.get_by_label("Description")).to_have_value(TEXT)
    await expect(teacher.locator(".kept")).to_have_count(0)
    assert await teacher.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('kept'))") == []


async def test_session_that_ends_without_javascript(plain: Page, school: Campus, shots: Shots) -> None:
    await plain.goto(lesson_url(school))
    await plain.get_by_label("Description").fill(TEXT)
    await end_sessions(school)
    await plain.get_by_role("button", name="Save").click()
    await fill_sign_in(plain, "teacher@example.edu")
    await expect(plain.get_by_text("Quicksort is fast")).to_be_visible()
    await plain.get_by_role("button", name="Back to the form").click()
    await expect(plain.get_by_text(RESTORED)).to_be_visible()
    await expect(plain.get_by_label("Description")).to_have_value(TEXT)
    assert await description(school) == ""
    await plain.get_by_role("button", name="Save").click()
    await expect(plain.get_by_text("Saved.")).to_be_in_viewport(ratio=1)
    assert await description(school) == TEXT


async def test_another_person_does_not_see_the_text(teacher: Page, school: Campus) -> None:
    await teacher.goto(lesson_url(school))
    await teacher.get_by_label("Description").fill(TEXT)
    await end_sessions(school)
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_text("Your session has ended.")).to_be_visible()
    await fill_sign_in(teacher, "administrator@example.edu")
    await expect(teacher.get_by_text("belongs to another account")).to_be_in_viewport(ratio=1)
    await expect(teacher.get_by_label("Description")).to_have_value("")
    assert "Quicksort" not in await teacher.content()


async def test_text_is_back_after_a_reload(teacher: Page, school: Campus, shots: Shots) -> None:
    await teacher.set_viewport_size(PHONE)
    await teacher.goto(lesson_url(school))
    field, notice = teacher.get_by_label("Description"), teacher.locator("[data-kept]")
    await field.press_sequentially("Quicksort")
    await teacher.reload()
    await expect(notice).to_contain_text("What you typed on")
    await expect(field).to_have_value("Quicksort")
    await shots.take(teacher, "kept-text")
    await notice.get_by_role("button", name="Discard").click()
    await expect(field).to_have_value("")
    await expect(field).to_be_focused()
    await teacher.reload()
    await expect(field).to_have_value("")
    await expect(notice).to_have_count(0)


async def test_text_that_is_back_is_compared_with_a_later_save(teacher: Page, school: Campus) -> None:
    await teacher.goto(lesson_url(school))
    await teacher.get_by_label("Description").press_sequentially("Mine")
    async with school.school.database.write() as session:
        await session.execute(update(Lesson).values(description="Theirs", version=Lesson.version + 1))
    await teacher.reload()
    await expect(teacher.locator("[data-kept]")).to_contain_text("The saved text has changed since")
    await expect(teacher.get_by_label("Description")).to_have_value("Mine")
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.locator("[data-side=saved]")).to_have_text("Theirs")
    await teacher.reload()  # the choice is still open
    await expect(teacher.get_by_label("Description")).to_have_value("Mine")


async def test_stored_text_goes_with_its_owner_and_with_time(teacher: Page, school: Campus) -> None:
    """It is removed at sign-out and after seven days, and not shown to the next person."""
    await teacher.goto(lesson_url(school))
    await teacher.get_by_label("Description").press_sequentially("Mine")
    week = 7 * 24 * 3600 * 1000
    stored = await teacher.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('kept'))")
    (name, value), entry = stored[0], json.loads(stored[0][1])
    assert entry["fields"] == {"description": "Mine"}
    entry["at"] -= week + 60_000
    await teacher.evaluate("([name, value]) => localStorage.setItem(name, value)", [name, json.dumps(entry)])
    await teacher.reload()
    await expect(teacher.get_by_label("Description")).to_have_value("")
    await teacher.evaluate("([name, value]) => localStorage.setItem(name, value)", [name, value])
    await teacher.context.clear_cookies()
    await sign_in(teacher, school.server.url, "administrator@example.edu")
    await teacher.goto(lesson_url(school))
    await expect(teacher.get_by_label("Description")).to_have_value("")
    await teacher.context.clear_cookies()
    await sign_in(teacher, school.server.url, "teacher@example.edu")
    await teacher.goto(lesson_url(school))
    await expect(teacher.get_by_label("Description")).to_have_value("Mine")
    await teacher.get_by_label("Your account").click()
    await teacher.get_by_role("button", name="Sign out").click()
    await teacher.wait_for_url("**/sign-in")
    assert await teacher.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('kept'))") == []
