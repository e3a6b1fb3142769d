"""Enrolling by a link and the certificate on paper, in a browser."""

import re

import pytest
from playwright.async_api import Page, expect

from storage.database.tables import Certificate, Course, User
from tests.e2e.shots import Shots
from tests.e2e.test_long_words import OVERFLOWING
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

PAGES = re.compile(rb"/Type\s*/Page\b")
LONG = "Introduction to Interference and Diffraction of Light in Crystals and Thin Films, Part "


async def issue(campus: Campus, *, name: str = "Ada Lovelace", title: str = "Optics") -> Certificate:
    """Certificate of the school's learner, with a text of the instructor."""
    async with campus.school.database.write() as session:
        course = await session.get_one(Course, campus.school.course_id)
        learner = await session.get_one(User, campus.school.users["learner"])
        course.title, learner.name = title, name
    return await campus.world.certificate(course, learner)


@pytest.mark.parametrize(("name", "title"), [("Ada Lovelace", "Optics"), ("Ada " * 20, LONG + "2")])
async def test_certificate_prints_light_on_one_page_of_each_paper(
    page: Page, campus: Campus, shots: Shots, name: str, title: str
) -> None:
    certificate = await issue(campus, name=name.strip(), title=title)
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{campus.server.url}/certificates/{certificate.code}")  # nobody is signed in
    await expect(page.get_by_role("status").filter(has_text="genuine and valid")).to_be_visible()
    for paper in ("A4", "Letter"):
        printed = await page.pdf(format=paper, print_background=True)
        assert len(PAGES.findall(printed)) == 1, paper
    await page.emulate_media(media="print", color_scheme="dark")
    sheet = page.locator(".certificate")
    assert await sheet.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    for gone in (page.get_by_role("banner"), page.get_by_text("genuine and valid")):
        await expect(gone).to_be_hidden()
    await shots.take(page, "certificate-print")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_of_certificates_fit_a_phone(page: Page, campus: Campus, width: int, scheme: str) -> None:
    certificate = await issue(campus, name="N" * 200, title="C" * 200)
    await signed_in(page.context, campus, "teacher")
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": width, "height": 800})
    course = f"/teach/courses/{campus.school.course_id}"
    public = f"/certificates/{certificate.code}"
    for path in (
        *(public, f"{public}/revoke", f"{course}/certificates", f"{course}/enrolling"),
        *(f"{course}/enrolling/list", "/dashboard/courses", "/dashboard/certificates", "/join"),
    ):
        await page.goto(campus.server.url + path)
        assert await page.evaluate(OVERFLOWING) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth") == width, path


async def test_learner_enrols_by_a_link_and_leaves(page: Page, campus: Campus) -> None:
    async with campus.client() as teacher:
        course = f"/api/courses/{campus.school.course_id}"
        await teacher.patch(course, json={"status": "published"})
        link = (await teacher.post(f"{course}/code")).json()["path"]
    async with campus.client("learner") as learner:
        await learner.delete(f"{course}/enrol")
    await signed_in(page.context, campus, "learner")
    await page.goto(campus.server.url + link)
    await page.get_by_role("button", name="Enrol").click()
    await expect(page.get_by_text("You are enrolled.")).to_be_visible()
    await page.get_by_role("link", name="Leave the course …").click()
    await page.get_by_role("button", name="Leave the course").click()
    await expect(page.get_by_text("What you have learned there is kept.")).to_be_visible()
