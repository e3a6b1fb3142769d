"""A damaged lecture, mended by the command while everything runs, and played to its end in a browser."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e import site
from tests.e2e.player import Player
from tests.fixtures.clips import make_clip
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECONDS = 14


@pytest.mark.long
async def test_mended_segment_plays(browser: Browser, product: Product, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "Optics.mp4", seconds=SECONDS)
    done = await asyncio.to_thread(product.command, "ingest", str(clip), "--course", "Lectures", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    videos = product.data / "objects" / "videos" / made["job_id"]
    (damaged,) = videos.glob("180p/00001.*.m4s")
    page = await (await browser.new_context()).new_page()
    await site.set_up(page, product.setup_link)
    lesson = await (await page.request.get(f"{product.url}/api/lessons/{made['lesson_id']}")).json()
    await page.goto(f"{product.url}/dashboard/courses/{lesson['course_id']}/lessons/{lesson['id']}")
    player = Player(page)
    await player.play()
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    damaged.write_bytes(data)

    found = await asyncio.to_thread(product.command, "doctor", "--video", made["lesson_id"])
    assert found.returncode == 1
    assert "180p, from 0:06 to 0:" in found.stdout
    assert "rotten" in found.stdout
    mended = await asyncio.to_thread(product.command, "doctor", "--video", made["lesson_id"], "--repair")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    again = await asyncio.to_thread(product.command, "doctor", "--video", made["lesson_id"])
    assert (again.returncode, "No problems found." in again.stdout) == (0, True)

    await page.reload()
    await expect(player.section).to_have_attribute("data-state", "ready")
    await player.play()
    await player.seek(7)
    await player.until("video.ended", SECONDS + 15)
    assert await player.get("currentTime") == pytest.approx(SECONDS, abs=0.2)
    assert not await player.get("error?.message")
