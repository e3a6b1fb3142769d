"""What an instructor and a learner do, from the first start to the last frame, in a real browser."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e import lecture, site
from tests.e2e.player import Player
from tests.fixtures.product import Product
from transcoder.tools import Tools

pytestmark = pytest.mark.e2e

SEGMENT = 6.0
RUNGS = (480, 1080, 720)


async def test_a_lecture_from_the_set_up_link_to_the_last_frame(
    browser: Browser, product: Product, tools: Tools, tmp_path: Path
) -> None:
    file = await _made(tools, tmp_path / "Vectors and spaces.mp4")
    admin = await _window(browser)
    await site.set_up(admin, product.setup_link)
    await site.add_person(admin, product.url, name="Ines Moreau", email="ines@example.org", role="instructor")
    await site.add_person(admin, product.url, name="Leo Lind", email="leo@example.org", role="learner")

    teacher = await _window(browser)
    await site.sign_in(teacher, product.url, "ines@example.org")
    course = await site.make_course(teacher, product.url, "Linear algebra")
    await site.add_lesson(teacher, course, "Vectors and spaces")
    await site.upload(teacher, file)
    watch = teacher.get_by_role("link", name="Watch now")
    await expect(watch).to_be_visible(timeout=60_000)
    percent = int(await teacher.locator("[data-value]").get_attribute("value") or 0)
    assert percent < 100
    await expect(teacher.locator("[data-strip]")).to_be_visible()

    learner = await _window(browser)
    await site.sign_in(learner, product.url, "leo@example.org")
    office = await teacher.context.new_page()
    await site.enrol(office, course, "leo@example.org")
    await site.publish(office, course)
    await office.close()

    await learner.goto(f"{product.url}/dashboard")
    await learner.get_by_role("link", name="Linear algebra").click()
    await learner.get_by_role("link", name="Vectors and spaces").click()
    player = Player(learner)
    await player.play()
    await player.until("video.currentTime > 2")
    assert await player.state() == "growing"  # it plays while it is still being encoded

    await expect(teacher.locator("[data-lesson-video]")).to_have_attribute(
        "data-stage", "ready", timeout=120_000
    )
    await expect(player.section).to_have_attribute("data-state", "ready", timeout=15_000)
    assert await player.get("duration") == pytest.approx(lecture.SECONDS, abs=0.1)
    await learner.reload()
    await player.play()
    for height in RUNGS:
        await player.choose("Quality", f"{height}p")
        await player.until(f"video.videoHeight === {height}")
    await _across_borders(player)
    await player.choose("Speed", "2x")
    await player.seek(10)
    await player.until("!video.seeking && video.readyState >= 3")
    assert await player.pace(5) == pytest.approx(2, abs=0.2)


async def _across_borders(player: Player) -> None:
    """From a second before the end of each of the first chunks to a second after it, without a stall."""
    for border in (6, 12, 18, 30, 48, 66):
        await player.seek(border - 1)
        await player.until(f"!video.seeking && video.currentTime > {border - 0.9}")
        await player.count_stalls()
        await player.until(f"video.currentTime > {border + 1}")
        assert await player.stalls() == 0, border


async def _window(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


async def _made(tools: Tools, file: Path) -> Path:
    command = [str(tools.ffmpeg), "-v", "error", "-y", *lecture.argv(file)]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
    return file
