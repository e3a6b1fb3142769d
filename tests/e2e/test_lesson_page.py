"""Lesson's page around the player: it looks again for a video, and shows the place in a long course."""

import pytest
from playwright.async_api import Page, Route, expect

from server.library import removal
from storage.database.tables import Course, Lesson
from tests.fixtures.server_process import Campus

pytestmark = pytest.mark.e2e

MANY = 60
CURRENT = 41


async def test_page_without_a_video_shows_it_when_it_comes(teacher: Page, campus: Campus) -> None:
    await teacher.clock.install()
    school = campus.school
    await teacher.goto(f"{campus.server.url}/dashboard/courses/{school.course_id}/lessons/{school.lesson_id}")
    await expect(teacher.get_by_text("No video yet")).to_be_visible()
    async with teacher.expect_response("**/api/video/playback/*"):
        await teacher.clock.run_for(11_000)
    await expect(teacher.get_by_text("No video yet")).to_be_visible()
    await campus.world.video(school.lesson_id, seconds=60)
    async with teacher.expect_response("**/api/video/playback/*"):
        await teacher.clock.run_for(11_000)
    await expect(teacher.locator("media-controller")).to_be_visible()


async def test_page_without_a_video_says_so_when_its_lesson_is_gone(teacher: Page, campus: Campus) -> None:
    await teacher.clock.install()
    school = campus.school
    await teacher.goto(f"{campus.server.url}/dashboard/courses/{school.course_id}/lessons/{school.lesson_id}")
    await expect(teacher.get_by_text("No video yet")).to_be_visible()
    async with school.database.write() as session:
        await removal.of_lessons(
            session, [await session.get_one(Lesson, school.lesson_id)], campus.world.now()
        )
    await teacher.clock.run_for(11_000)
    await expect(teacher.get_by_text("No video yet")).to_have_count(0)
    await expect(teacher.get_by_role("heading", level=1)).to_have_text("Not found")


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_page_whose_playback_alone_is_refused_is_reloaded_once(
    teacher: Page, campus: Campus, status: int
) -> None:
    """After an answer it may be reloaded again."""
    await teacher.clock.install()
    school = campus.school
    here = f"{campus.server.url}/dashboard/courses/{school.course_id}/lessons/{school.lesson_id}"
    asked: list[str] = []
    opened: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=status)

    await teacher.route("**/api/video/playback/*", refuse)
    teacher.on("request", lambda request: opened.append(request.url) if request.url == here else None)
    await teacher.goto(here)
    for _ in range(2):
        async with teacher.expect_response("**/api/video/playback/*"):
            await teacher.clock.run_for(11_000)
        await expect(teacher.get_by_text("No video yet")).to_be_visible()
        await teacher.wait_for_load_state("networkidle")
    await teacher.clock.run_for(60_000)
    assert (len(opened), len(asked)) == (2, 2)  # the page once, and anew once
    await teacher.unroute("**/api/video/playback/*")
    await teacher.reload()
    async with teacher.expect_response("**/api/video/playback/*"):
        await teacher.clock.run_for(11_000)
    await teacher.wait_for_function("sessionStorage.getItem('await-video-refused') === null")


@pytest.mark.parametrize("width", [1280, 390])
async def test_current_lesson_of_many_is_in_view(teacher: Page, campus: Campus, width: int) -> None:
    """The page itself does not scroll, and the next lesson is one click away."""
    async with campus.school.database.read() as session:
        course = await session.get_one(Course, campus.school.course_id)
    lessons = [await campus.world.lesson(course, f"Lecture {number}") for number in range(1, MANY + 1)]
    await campus.world.video(lessons[CURRENT], seconds=60)
    await teacher.set_viewport_size({"width": width, "height": 800})
    await teacher.goto(f"{campus.server.url}/dashboard/courses/{course.id}/lessons/{lessons[CURRENT].id}")
    outline = teacher.get_by_role("navigation", name="Lessons of this course")
    current = outline.locator("[aria-current]")
    await expect(current).to_contain_text(f"Lecture {CURRENT + 1}")
    place = await current.evaluate(
        """entry => {
          const [own, list] = [entry, entry.closest("ol")].map((node) => node.getBoundingClientRect());
          return [own.top - list.top, list.bottom - own.bottom];
        }"""
    )
    assert min(place) >= 0
    assert await teacher.evaluate("scrollY") == 0
    if width == 1280:
        await expect(current).to_be_in_viewport()
        await expect(outline.get_by_role("link", name="Next:")).to_be_in_viewport()
    await outline.get_by_role("link", name="Next:").click()
    await expect(teacher.get_by_role("heading", level=1)).to_have_text(f"Lecture {CURRENT + 2}")
