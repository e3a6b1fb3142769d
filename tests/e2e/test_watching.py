"""Watching in a browser: what was played is credited, kept without a network, resumed elsewhere."""

import json
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.shots import Shots
from tests.e2e.watching import EMAIL, SECONDS, prepare
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TRACK = re.compile("/api/video/track-watch")


async def watched(page: Page) -> int:
    return int(await page.locator("[data-watched-bar]").get_attribute("value") or 0)


async def watched_at_least(page: Page, percent: int) -> None:
    bar = "document.querySelector('[data-watched-bar]').value"
    await page.wait_for_function(f"() => {bar} >= {percent}", timeout=30_000)


@pytest.mark.long
async def test_watching_is_credited_and_resumed(
    browser: Browser, page: Page, shared_product: Product, shots: Shots
) -> None:
    lesson = await prepare(shared_product)
    await site.sign_in(page, shared_product.url, EMAIL)
    await page.goto(lesson)
    await _credits_what_is_played(page, shots)
    await _renews_an_expired_watch_token(page)
    await _keeps_what_is_played_without_a_network(page)
    other = await browser.new_page()
    await site.sign_in(other, shared_product.url, EMAIL)
    await other.goto(lesson)
    await _goes_on_where_it_was_left(other, shots)


async def _credits_what_is_played(page: Page, shots: Shots) -> None:
    player = Player(page)
    await player.play()
    await player.video.evaluate("video => { video.playbackRate = 2; }")
    await player.until("video.currentTime > 12")
    await page.keyboard.press("Space")  # a pause reports at once
    await watched_at_least(page, 12)
    await shots.take(page, "watching")


async def _renews_an_expired_watch_token(page: Page) -> None:
    """As on a page that was paused for days: the heartbeat that is refused is sent again with a new token."""
    player, before = Player(page), await watched(page)
    known = json.loads(await page.locator("[data-watching]").get_attribute("data-watching") or "")
    refused: list[str] = []

    async def expired(route: Route) -> None:
        if known["token"] in (route.request.post_data or ""):
            refused.append(route.request.url)
            await route.fulfill(status=403)
        else:
            await route.continue_()

    await page.route(TRACK, expired)
    await page.keyboard.press("Space")
    await player.until("video.currentTime > 18")
    await page.keyboard.press("Space")
    await watched_at_least(page, before + 3)
    await page.unroute(TRACK, expired)
    assert len(refused) == 1


async def _keeps_what_is_played_without_a_network(page: Page) -> None:
    """Played from the buffer; reported by the next page when the network is back."""

    async def lost(route: Route) -> None:
        await route.abort()

    player, before = Player(page), await watched(page)
    await page.route(TRACK, lost)
    await page.keyboard.press("Space")
    await player.until("video.currentTime > 24")
    await page.keyboard.press("Space")
    await player.until("video.paused")
    assert await watched(page) == before
    await page.unroute(TRACK, lost)
    await page.reload()
    await page.wait_for_load_state()
    assert await page.evaluate(
        "Object.keys(localStorage).some(name => name.startsWith('skillstudio-watch:'))"
    )
    await page.evaluate(BACKDATED)
    await page.reload()
    await expect(page.locator("[data-watched-bar]")).to_be_visible()
    await watched_at_least(page, 25)


async def _goes_on_where_it_was_left(page: Page, shots: Shots) -> None:
    """On another browser. The times of what is missing lead there, and a jump is not watched."""
    player = Player(page)
    await player.play()
    assert await player.get("currentTime") > 20
    await page.locator("[data-completion] [data-seek]").last.click()
    await player.until("!video.seeking && video.currentTime > 20")
    await player.seek(SECONDS - 2)
    await player.until("video.ended")
    await page.wait_for_timeout(1500)
    assert 25 <= await watched(page) <= 40
    await shots.take(page, "watched-to-the-end")
    await page.reload()
    await player.play()
    assert await player.get("currentTime") < 5


LEFT = "Object.keys(localStorage).some((name) => name.startsWith('skillstudio-watch:'))"

# As if the page had been left a minute ago: only then are its heartbeats another page's to send.
BACKDATED = """() => {
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith("skillstudio-watch:"))) {
    const left = JSON.parse(localStorage.getItem(name));
    localStorage.setItem(name, JSON.stringify({ ...left, at: left.at - 120000 }));
  }
}"""
