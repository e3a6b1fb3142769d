"""Whole product in a browser: set-up, course, upload, playback while encoding, player functions."""

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
LATE_SEGMENTS = re.compile(r"/000(0[6-9]|1\d)\.\d+\.m4s")  # segments of the lecture's second half
CHUNK_BOUNDARIES = (6, 12, 18, 30, 48)  # seconds


async def test_lecture_from_setup_link_to_playback(
    browser: Browser, product: Product, tools: Tools, tmp_path: Path, shots: Shots
) -> None:
    file = tmp_path / "Vectors and spaces.mp4"
    await lecture.make(browser, tools, file)
    await _create_people(browser, product, shots)
    teacher, learner = await _new_page(browser), await _new_page(browser)
    await site.sign_in(teacher, product.url, "ines@example.org")
    await site.sign_in(learner, product.url, "leo@example.org")
    course = await site.make_course(teacher, product.url, "Linear algebra")
    await site.add_lesson(teacher, course, "Vectors and spaces")
    lesson = teacher.url
    await site.enrol(teacher, course, "leo@example.org")
    await site.publish(teacher, course)
    await teacher.goto(lesson)

    await site.upload(teacher, file)
    await _plays_while_encoding(teacher, learner, product)
    player = Player(learner)
    await shots.take(learner, "playing-while-encoding")
    await shots.take(teacher, "encoding")
    await _becomes_ready(teacher, player)

    await learner.reload()
    await player.play()
    await _each_rung_can_be_selected(player)
    await _plays_across_chunk_boundaries(player)
    await _plays_at_double_speed(player)
    await _space_bar_toggles_playback(player)
    await _recovers_without_master_playlist(player)
    await _recovers_from_network_loss(player)
    await _renews_expired_addresses(player)
    await _labels_are_german(browser, learner)
    await _shows_storyboard_preview(player)
    await player.seek(20)
    await player.until("!video.seeking && video.readyState >= 3")
    await shots.take(learner, "player")
    await _capture_other_pages(teacher, learner, product, course, shots)


async def _create_people(browser: Browser, product: Product, shots: Shots) -> None:
    admin = await _new_page(browser)
    await admin.goto(product.setup_link)
    await shots.take(admin, "set-up")
    await site.set_up(admin, product.setup_link)
    await site.add_person(admin, product.url, name="Ines Moreau", email="ines@example.org", role="instructor")
    await site.add_person(admin, product.url, name="Leo Lind", email="leo@example.org", role="learner")
    await shots.take(admin, "people")
    await admin.goto(f"{product.url}/admin")
    await shots.take(admin, "administer")
    await admin.context.close()


async def _plays_while_encoding(teacher: Page, learner: Page, product: Product) -> None:
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


async def _each_rung_can_be_selected(player: Player) -> None:
    for height in RUNGS:
        await player.choose("Quality", f"{height}p")
        await player.until(f"video.videoHeight === {height}")


async def _plays_across_chunk_boundaries(player: Player) -> None:
    """No stall from a second before each chunk boundary to a second after it."""
    for boundary in CHUNK_BOUNDARIES:
        await player.seek(boundary - 1)
        await player.until(f"!video.seeking && video.currentTime > {boundary - 0.9}")
        await player.count_stalls()
        await player.until(f"video.currentTime > {boundary + 1}")
        assert await player.stalls() == 0, boundary


async def _space_bar_toggles_playback(player: Player) -> None:
    """The space bar pauses and resumes playback wherever the focus is, and does not scroll the page."""
    await player.page.set_viewport_size({"width": 1280, "height": 400})
    await player.page.evaluate("document.activeElement.blur()")
    scrolled = await player.page.evaluate("scrollY")
    await player.page.keyboard.press("Space")
    # media-controller's state follows with a delay, and the next key toggles that state.
    await player.until("video.paused && video.closest('media-controller').hasAttribute('mediapaused')")
    await player.page.keyboard.press("Space")
    await player.until("!video.paused")
    assert await player.page.evaluate("scrollY") == scrolled
    await player.page.set_viewport_size({"width": 1280, "height": 800})


async def _recovers_without_master_playlist(player: Player) -> None:
    """Network lost before the master playlist was loaded: loading starts by itself once it is back."""
    note = player.section.locator("[data-note]")
    await player.page.route("**/master.m3u8*", lambda route: route.abort())
    await player.page.reload()
    await expect(note).to_contain_text("The connection was lost")
    await player.page.unroute("**/master.m3u8*")
    await expect(note).to_be_hidden(timeout=15_000)
    await player.play()


async def _recovers_from_network_loss(player: Player) -> None:
    """The player shows the loss, continues by itself when the network is back, and hides the note."""
    note = player.section.locator("[data-note]")

    async def unreachable(route: Route) -> None:
        await route.fulfill(status=503)

    await player.page.route(LATE_SEGMENTS, unreachable)
    await player.page.reload()
    await player.play()
    await player.seek(lecture.SECONDS - 10)
    await expect(note).to_contain_text("The connection was lost")
    await player.page.unroute(LATE_SEGMENTS, unreachable)
    await player.until(f"video.currentTime > {lecture.SECONDS - 9}")
    await expect(note).to_be_hidden()


async def _renews_expired_addresses(player: Player) -> None:
    """Expired addresses are replaced by new ones; that request is retried if the network is lost as well."""
    requests = []

    async def expired(route: Route) -> None:
        await route.fulfill(status=403)

    async def unreachable(route: Route) -> None:
        requests.append(route.request.url)
        await (route.abort() if len(requests) == 1 else route.continue_())

    await player.page.route("**/api/video/playback/*", unreachable)
    await player.page.route(LATE_SEGMENTS, expired)
    await player.page.reload()
    await player.choose("Speed", "1.25x")
    await player.play()
    await expect(player.section.locator("[data-note]")).to_contain_text("The connection was lost")
    await player.seek(lecture.SECONDS - 10)
    await player.page.unroute(LATE_SEGMENTS, expired)
    await player.until(f"!video.paused && video.currentTime > {lecture.SECONDS - 9}")
    assert len(requests) >= 2
    assert await player.get("playbackRate") == pytest.approx(1.25)
    await expect(player.section.locator("[data-note]")).to_be_hidden()
    await player.page.unroute("**/api/video/playback/*", unreachable)


async def _labels_are_german(browser: Browser, learner: Page) -> None:
    state = await learner.context.storage_state()
    context = await browser.new_context(locale="de-DE", storage_state=state)
    page = await context.new_page()
    await page.goto(learner.url)
    await expect(page.locator("media-play-button")).to_have_attribute(
        "aria-label", "abspielen", ignore_case=True
    )
    await context.close()


async def _plays_at_double_speed(player: Player) -> None:
    await player.choose("Speed", "2x")
    await player.seek(10)
    await player.until("!video.seeking && video.currentTime > 11")
    assert await player.measured_rate(5) == pytest.approx(2, abs=0.2)
    await player.choose("Speed", "1x")


async def _shows_storyboard_preview(player: Player) -> None:
    """The storyboard frame under the pointer is shown."""
    await player.page.locator("media-time-range").hover(position={"x": 300, "y": 20})
    await player.page.wait_for_function(
        "() => document.querySelector('media-controller [mediapreviewimage*=\"/storyboard/\"]')"
    )


async def _capture_other_pages(
    teacher: Page, learner: Page, product: Product, course: str, shots: Shots
) -> None:
    await shots.take(teacher, "lesson")
    await teacher.goto(course)
    await shots.take(teacher, "course")
    await learner.goto(f"{product.url}/dashboard")
    await shots.take(learner, "dashboard")


async def _new_page(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


async def _becomes_ready(teacher: Page, player: Player) -> None:
    """On both pages, without a reload."""
    video = teacher.locator("[data-lesson-video]")
    await expect(video).to_have_attribute("data-stage", "ready", timeout=180_000)
    await expect(player.section).to_have_attribute("data-state", "ready", timeout=15_000)
    await player.until(f"Math.abs(video.duration - {lecture.SECONDS}) < 0.2")
