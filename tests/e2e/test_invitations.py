"""From Excel's list to the first lesson: a list goes in, a link comes out, the learner chooses a password."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from storage.database.tables import Course, Lesson
from storage.states import PublicationStatus
from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import PHONE, signed_in
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

LIST = (
    "sep=;\r\nE-Mail;Name;Rolle\r\nzoe@example.edu;Zoë Groß;Lernende\r\nmax@example.edu;Max Frey;{role}\r\n"
)


async def publish(campus: Campus) -> None:
    async with campus.school.database.write() as session:
        course = await session.get_one(Course, campus.school.course_id)
        lesson = await session.get_one(Lesson, campus.school.lesson_id)
        course.status = lesson.status = PublicationStatus.PUBLISHED


async def import_list(page: Page, shots: Shots, folder: Path) -> None:
    """A list with a fault is corrected, looked at and imported."""
    saved = folder / "Klasse.csv"
    saved.write_bytes(LIST.format(role="Chef").encode("cp1252"))
    await page.locator("input[type=file]").set_input_files(saved)
    await page.get_by_role("button", name="Check the list").click()
    fault = page.get_by_role("row").filter(has_text="Line 4")
    await expect(fault).to_contain_text("Max Frey, max@example.edu")
    await expect(fault.locator("code")).to_have_text("Chef")
    await shots.take(page, "import-faults")
    saved.write_bytes(LIST.format(role="Lehrkraft").encode("cp1252"))
    await page.locator("input[type=file]").set_input_files(saved)
    await page.get_by_role("button", name="Check the list").click()
    await expect(page.locator(".figure").filter(has_text="New")).to_contain_text("2")
    await shots.take(page, "import-preview")
    await page.get_by_role("button", name="Import 2 people").click()
    await expect(page.get_by_text("2 people added.")).to_be_visible()


async def test_learner_of_an_imported_list_gets_in(
    browser: Browser, page: Page, campus: Campus, shots: Shots, tmp_path: Path
) -> None:
    await publish(campus)
    await signed_in(page.context, campus, "administrator")
    await page.goto(f"{campus.server.url}/admin/people/import")
    await import_list(page, shots, tmp_path)
    await shots.take(page, "people-without-password")
    everybody = page.get_by_label("Everybody on this page")
    await everybody.check()
    await shots.take(page, "people-ticked")
    await everybody.uncheck()
    await page.get_by_label("Select Zoë Groß").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Make links", exact=True).click()
    row = page.get_by_role("listitem").filter(has=page.locator("code"))
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("Zoë Groß")
    link = await row.locator("code").inner_text()
    await shots.take(page, "links")
    await page.goto(f"{campus.server.url}/teach/courses/{campus.school.course_id}/people")
    await page.locator("textarea[name=emails]").fill("zoe@example.edu")
    await page.get_by_role("button", name="Enrol").click()
    await expect(page.get_by_text("1 person enrolled.")).to_be_visible()

    learner = await (await browser.new_context(viewport=PHONE)).new_page()
    await learner.goto(link)
    await expect(learner.get_by_role("heading", name="Welcome, Zoë Groß")).to_be_visible()
    await shots.take(learner, "choose-password")
    await learner.get_by_label("Password").fill("short but sweet tooth")
    await learner.get_by_role("button", name="Save the password and sign in").click()
    await learner.get_by_role("link", name="Algorithms").first.click()
    await learner.get_by_role("link", name="Sorting").first.click()
    await expect(learner.get_by_role("heading", name="Sorting")).to_be_visible()
    await learner.goto(link)
    await expect(learner.get_by_text("This link was used already")).to_be_visible()
