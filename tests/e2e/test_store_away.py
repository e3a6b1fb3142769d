"""Playback while the object store is away: held up, and never given up."""

import pytest
from playwright.async_api import Browser, Response, expect

from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.test_player_weight import PHONE
from tests.e2e.watching import EMAIL, SECONDS, prepare
from tests.fixtures.product import Product
from tests.fixtures.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.long
async def test_playback_goes_on_when_the_store_is_back(browser: Browser, shared_product: Product) -> None:
    """The folder is renamed in mid-play, and the player is sent where nothing is loaded yet.

    A phone loads 15 seconds ahead, and then waits: a request in the moment of renaming may be answered 404.
    """
    lesson = await prepare(shared_product)
    page = await browser.new_page(**PHONE)
    await site.sign_in(page, shared_product.url, EMAIL)
    await page.goto(lesson)
    player, statuses = Player(page), list[int]()

    def note(response: Response) -> None:
        if response.url.endswith(".m4s"):
            statuses.append(response.status)

    await player.play()
    await player.until("video.buffered.end(0) > 15")
    objects = shared_product.data / "objects"
    away = objects.rename(objects.with_name("objects-away"))
    try:
        page.on("response", note)
        await player.seek(SECONDS - 10)
        await expect(page.locator("[data-note-text]")).to_contain_text("Trying again")
        await wait_until(lambda: statuses.count(503) >= 4, 30)
        assert set(statuses) == {503}
    finally:
        away.rename(objects)
    await player.until(f"!video.paused && video.currentTime > {SECONDS - 9}", 40)
    await expect(page.locator("[data-note-text]")).not_to_contain_text("Trying again")
    assert set(statuses) <= {503, 200}
