"""What an instructor and a learner do, from the first start to the last frame, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e import lecture, site
from tests.e2e.player import Player
from tests.e2e.shots import Shots
from tests.fixtures.product import Product
from transcoder.ffmpeg.tools import Tools

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

RUNGS = (480, 1080, 720)
LATE = re.compile(r"/000(0[6-9]|1\d)\.\d+\.m4s")  # segments of the lecture's second half
BORDERS = (6, 12, 18, 30, 48)  # seconds at which a chunk ends and another begins


async def test_a_lecture_from_the_set_up_link_to_the_last_frame(
    browser: Browser, product: Product, tools: Tools, tmp_path: Path, shots: Shots
) -> None:
    file = tmp_path / "Vectors and spaces.mp4"
    await lecture.make(browser, tools, file)
    await _people(browser, product, shots)
    teacher, learner = await _window(browser), await _window(browser)
    await site.sign_in(teacher, product.url, "ines@example.org")
    await site.sign_in(learner, product.url, "leo@example.org")
    course = await site.make_course(teacher, product.url, "Linear algebra")
    await site.add_lesson(teacher, course, "Vectors and spaces")
    lesson = teacher.url
    await site.enrol(teacher, course, "leo@example.org")
    await site.publish(teacher, course)
    await teacher.goto(lesson)

    await site.upload(teacher, file)
    await _starts_while_it_is_encoded(teacher, learner, product)
    player = Player(learner)
    await shots.take(learner, "playing-while-encoding")
    await shots.take(teacher, "encoding")
    video = teacher.locator("[data-lesson-video]")
    await expect(video).to_have_attribute("data-stage", "ready", timeout=180_000)
    await expect(player.section).to_have_attribute("data-state", "ready", timeout=15_000)
    await player.until(f"Math.abs(video.duration - {lecture.SECONDS}) < 0.2")  # without a reload

    await learner.reload()
    await player.play()
    await _every_quality(player)
    await _across_borders(player)
    await _twice_as_fast(player)
    await _by_keyboard(player)
    await _without_a_master_playlist(player)
    await _through_a_lost_line(player)
    await _beyond_the_life_of_its_addresses(player)
    await _in_german(browser, learner)
    await _preview(player)
    await player.seek(20)
    await player.until("!video.seeking && video.readyState >= 3")
    await shots.take(learner, "player")
    await _other_pages(teacher, learner, product, course, shots)


async def _people(browser: Browser, product: Product, shots: Shots) -> None:
    admin = await _window(browser)
    await admin.goto(product.setup_link)
    await shots.take(admin, "set-up")
    await site.set_up(admin, product.setup_link)
    await site.add_person(admin, product.url, name="Ines Moreau", email="ines@example.org", role="instructor")
    await site.add_person(admin, product.url, name="Leo Lind", email="leo@example.org", role="learner")
    await shots.take(admin, "people")
    await admin.goto(f"{product.url}/admin")
    await shots.take(admin, "administer")
    await admin.context.close()


async def _starts_while_it_is_encoded(teacher: Page, learner: Page, product: Product) -> None:
    watch = teacher.get_by_role("link", name="Watch now")
    await expect(watch).to_be_visible(timeout=60_000)
    await learner.goto(f"{product.url}/dashboard")
    await learner.get_by_role("link", name="Linear algebra").click()
    await learner.get_by_role("link", name="Vectors and spaces").click()
    player = Player(learner)
    await player.play()
    await player.until("video.currentTime > 1")
    assert await player.state() == "growing"
    assert await player.get("duration") < lecture.SECONDS
    shown = int(await teacher.locator("[data-value]").get_attribute("value") or 0)
    assert 0 < shown < 100
    await expect(teacher.locator("[data-strip]")).to_be_visible()


async def _every_quality(player: Player) -> None:
    for height in RUNGS:
        await player.choose("Quality", f"{height}p")
        await player.until(f"video.videoHeight === {height}")


async def _across_borders(player: Player) -> None:
    """From a second before the end of a chunk to a second after it, without a stall."""
    for border in BORDERS:
        await player.seek(border - 1)
        await player.until(f"!video.seeking && video.currentTime > {border - 0.9}")
        await player.count_stalls()
        await player.until(f"video.currentTime > {border + 1}")
        assert await player.stalls() == 0, border


async def _by_keyboard(player: Player) -> None:
    """The space bar stops and starts it from anywhere on the page, and does not turn the page."""
    await player.page.set_viewport_size({"width": 1280, "height": 400})
    await player.page.evaluate("document.activeElement.blur()")
    await player.page.keyboard.press("Space")
    # The controls hear of it a moment later, and the next key goes by what they know.
    await player.until("video.paused && video.closest('media-controller').hasAttribute('mediapaused')")
    await player.page.keyboard.press("Space")
    await player.until("!video.paused")
    assert await player.page.evaluate("scrollY") == 0
    await player.page.set_viewport_size({"width": 1280, "height": 800})


async def _without_a_master_playlist(player: Player) -> None:
    """The line is away from the very beginning: it begins by itself when it is back."""
    note = player.section.locator("[data-note]")
    await player.page.route("**/master.m3u8*", lambda route: route.abort())
    await player.page.reload()
    await expect(note).to_contain_text("The connection was lost")
    await player.page.unroute("**/master.m3u8*")
    await expect(note).to_be_hidden(timeout=15_000)
    await player.play()


async def _through_a_lost_line(player: Player) -> None:
    """It says so, goes on by itself when the line is back, and then says nothing more of it."""
    note = player.section.locator("[data-note]")

    async def away(route: Route) -> None:
        await route.fulfill(status=503)

    await player.page.route(LATE, away)
    await player.page.reload()
    await player.play()
    await player.seek(lecture.SECONDS - 10)
    await expect(note).to_contain_text("The connection was lost")
    await player.page.unroute(LATE, away)
    await player.until(f"video.currentTime > {lecture.SECONDS - 9}")
    await expect(note).to_be_hidden()


async def _beyond_the_life_of_its_addresses(player: Player) -> None:
    """A lesson that was left open overnight: new addresses are asked for, again when the line is gone too."""
    asked = []

    async def ended(route: Route) -> None:
        await route.fulfill(status=403)

    async def away(route: Route) -> None:
        asked.append(route.request.url)
        await (route.abort() if len(asked) == 1 else route.continue_())

    await player.page.route("**/api/video/playback/*", away)
    await player.page.route(LATE, ended)
    await player.page.reload()
    await player.choose("Speed", "1.25x")
    await player.play()
    await expect(player.section.locator("[data-note]")).to_contain_text("The connection was lost")
    await player.seek(lecture.SECONDS - 10)
    await player.page.unroute(LATE, ended)
    await player.until(f"!video.paused && video.currentTime > {lecture.SECONDS - 9}")
    assert len(asked) >= 2
    assert await player.get("playbackRate") == pytest.approx(1.25)
    await expect(player.section.locator("[data-note]")).to_be_hidden()
    await player.page.unroute("**/api/video/playback/*", away)


async def _in_german(browser: Browser, learner: Page) -> None:
    state = await learner.context.storage_state()
    context = await browser.new_context(locale="de-DE", storage_state=state)
    page = await context.new_page()
    await page.goto(learner.url)
    await expect(page.locator("media-play-button")).to_have_attribute(
        "aria-label", "abspielen", ignore_case=True
    )
    await context.close()


async def _twice_as_fast(player: Player) -> None:
    await player.choose("Speed", "2x")
    await player.seek(10)
    await player.until("!video.seeking && video.currentTime > 11")
    assert await player.pace(5) == pytest.approx(2, abs=0.2)
    await player.choose("Speed", "1x")


async def _preview(player: Player) -> None:
    """A picture of the place under the pointer."""
    await player.page.locator("media-time-range").hover(position={"x": 300, "y": 20})
    await player.page.wait_for_function(
        "() => document.querySelector('media-controller [mediapreviewimage*=\"/storyboard/\"]')"
    )


async def _other_pages(teacher: Page, learner: Page, product: Product, course: str, shots: Shots) -> None:
    await shots.take(teacher, "lesson")
    await teacher.goto(course)
    await shots.take(teacher, "course")
    await learner.goto(f"{product.url}/dashboard")
    await shots.take(learner, "dashboard")


async def _window(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page
