"""Start and seek on a slow line, and a segment that the browser cannot append, with a real lecture."""

import pytest
from playwright.async_api import CDPSession, Page, Route

from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.watching import EMAIL, prepare
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SEGMENT = 6  # seconds
SLOW = {
    "offline": False,
    "latency": 0,
    "uploadThroughput": -1,
    "downloadThroughput": 40_000,  # bytes per second
}
# hls.js takes up what it has kept every 100 ms; if nothing else makes it do so, it is late here.
RARE_TICKS = """const often = window.setInterval;
window.setInterval = (tick, ms, ...more) => often(tick, ms === 100 ? 10_000 : ms, ...more);"""
MEDIA_ERRORS = """() => {
  window.mediaErrors = [];
  document.querySelector("hls-video").api.on("hlsError", (_name, error) => {
    if (error.type === "mediaError") mediaErrors.push(error.details);
  });
}"""


async def test_playback_goes_on_after_a_segment_that_is_not_whole(
    page: Page, shared_product: Product
) -> None:
    lesson = await prepare(shared_product)
    await site.sign_in(page, shared_product.url, EMAIL)
    await _starts_though_audio_arrives_first(await page.context.new_page(), lesson)
    await page.goto(lesson)
    player = Player(page)
    await _seeks_while_a_segment_arrives(player)
    await page.route("**/180p/00001.*", Spoiling())
    await page.goto(lesson)
    await _plays_over_a_spoiled_segment(player)


async def _starts_though_audio_arrives_first(page: Page, lesson: str) -> None:
    """Before the video's first timestamp, and in pieces before and after it."""
    await page.add_init_script(RARE_TICKS)
    await page.goto(lesson)
    await _plays_on_a_slow_line(Player(page))
    assert await page.evaluate("mediaErrors") == []
    await page.close()


async def _plays_on_a_slow_line(player: Player) -> CDPSession:
    """Until the first fragment, of two seconds, is buffered."""
    page = player.page
    await player.until("video.api?.levels.length")
    await page.evaluate(MEDIA_ERRORS)
    line = await page.context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await line.send("Network.emulateNetworkConditions", SLOW)
    await page.locator("media-play-button").click()
    await player.until("video.buffered.length && video.buffered.end(0) > 1", 60)
    return line


async def _seeks_while_a_segment_arrives(player: Player) -> None:
    """On a slow line, into the next segment: the rest of the one before must not be put before it."""
    line = await _plays_on_a_slow_line(player)
    assert await player.get("buffered.end(0)") < SEGMENT
    await player.seek(SEGMENT + 0.5)
    await line.send("Network.emulateNetworkConditions", {**SLOW, "downloadThroughput": -1})
    await player.until(f"!video.paused && video.currentTime > {SEGMENT + 2}")
    assert await player.page.evaluate("mediaErrors") == []


async def _plays_over_a_spoiled_segment(player: Player) -> None:
    """Its error empties the buffer; nobody has to press Play."""
    await player.until("video.api?.levels.length")
    await player.page.evaluate(MEDIA_ERRORS)
    await player.page.locator("media-play-button").click()
    await player.page.wait_for_function("() => mediaErrors.length")
    await player.until(f"!video.paused && video.currentTime > {SEGMENT + 1}")


class Spoiling:
    """Answers once with samples that no decoder understands."""

    def __init__(self) -> None:
        self.done = False

    async def __call__(self, route: Route) -> None:
        if self.done:
            return await route.continue_()
        self.done = True
        answer = await route.fetch()
        body = await answer.body()
        begin = body.index(b"mdat") + 4
        await route.fulfill(response=answer, body=body[:begin] + b"\xff" * (len(body) - begin))
