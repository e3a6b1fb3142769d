"""Long titles without spaces do not make a page wider than its window."""

import pytest
from playwright.async_api import Page
from sqlalchemy import update

from storage.database.tables import Course, Lesson, User
from tests.e2e.test_two_editors import signed_in
from tests.e2e.uploading import course_url, lesson_url
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

OVERFLOWING = """() => [...document.querySelectorAll("main *")]
  .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden, [aria-live], svg"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("width", [360, 1280])
async def test_long_titles_do_not_overflow_the_page(teacher: Page, campus: Campus, width: int) -> None:
    async with campus.school.database.write() as session:
        await session.execute(update(Lesson).values(title="x" * 200))
        await session.execute(update(Course).values(title="C" * 200))
    await teacher.set_viewport_size({"width": width, "height": 800})
    watching = f"{campus.server.url}/dashboard/courses/{campus.school.course_id}"
    lesson = f"{watching}/lessons/{campus.school.lesson_id}"
    for address in (
        f"{campus.server.url}/dashboard",
        watching,
        lesson,
        course_url(campus),
        lesson_url(campus),
    ):
        await teacher.goto(address)
        assert await teacher.evaluate(OVERFLOWING) == [], address
        assert await teacher.evaluate("document.documentElement.scrollWidth") == width, address


@pytest.mark.parametrize("width", [360, 1280])
async def test_long_names_do_not_overflow_the_pages_of_people(page: Page, campus: Campus, width: int) -> None:
    async with campus.school.database.write() as session:
        await session.execute(update(User).values(name="N" * 200, search_key="n"))
    await signed_in(page.context, campus, "administrator")
    await page.set_viewport_size({"width": width, "height": 800})
    people = f"{campus.server.url}/admin/people"
    for address in (people, f"{people}/{campus.school.users['learner']}", f"{course_url(campus)}/people"):
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth") == width, address
