"""Keys, double tap, help and memory of the player, with a real lecture in a browser."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.test_player_weight import PHONE
from tests.e2e.watching import EMAIL, SECONDS, prepare
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# As in a browser that forbids sites to keep anything.
NO_STORAGE = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("denied", "SecurityError"); },
});"""


@pytest.mark.long
async def test_player_by_keys_and_taps(browser: Browser, page: Page, shared_product: Product) -> None:
    lesson = await prepare(shared_product)
    await site.sign_in(page, shared_product.url, EMAIL)
    await page.goto(lesson)
    player = Player(page)
    await _seeks_before_it_was_played(player)
    await _moves_by_keys(player)
    await _lists_its_keys(player)
    await _leaves_keys_to_fields(player)
    await _remembers_speed_sound_and_captions(player)
    await _plays_where_storage_is_forbidden(browser, page, lesson)
    await _seeks_by_double_tap(browser, page, lesson)


async def _at(player: Player, seconds: float, within: float = 0.6) -> None:
    await player.until(f"!video.seeking && Math.abs(video.currentTime - {seconds}) < {within}")


async def _seeks_before_it_was_played(player: Player) -> None:
    await player.until("video.api?.levels.length")
    assert await player.get("readyState") == 0
    await player.page.keyboard.press("3")
    await player.until("video.readyState >= 2 && video.paused")
    await _at(player, 0.3 * SECONDS)


async def _moves_by_keys(player: Player) -> None:
    press = player.page.keyboard.press
    before = await player.get("currentTime")
    await press(".")
    await _at(player, before + 0.04, within=0.01)
    await press(",")
    await _at(player, before, within=0.01)
    for key, change in (("l", 10), ("j", -10), ("ArrowRight", 10), ("ArrowLeft", -10)):
        before = await player.get("currentTime")
        await press(key)
        await _at(player, before + change, within=0.1)
    await press("Home")
    await _at(player, 0)
    await press("k")
    await player.until("!video.paused && video.currentTime > 0.2")
    await press("End")
    await player.until("video.ended")
    await press("5")
    await _at(player, SECONDS / 2, within=3)
    await press("f")
    await player.page.wait_for_function("() => document.fullscreenElement?.matches('media-controller')")
    await press("f")
    await player.page.wait_for_function("() => !document.fullscreenElement")


async def _lists_its_keys(player: Player) -> None:
    page = player.page
    dialog = page.get_by_role("dialog", name="Keys of the player")
    await page.keyboard.press("?")
    await expect(dialog.get_by_text("10 seconds forward")).to_be_visible()
    before = await player.get("muted")
    await page.keyboard.press("m")
    assert await player.get("muted") == before
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="Keys of the player").click()
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_be_hidden()


async def _leaves_keys_to_fields(player: Player) -> None:
    page, typed = player.page, "mjf 05?,."
    await page.keyboard.press("2")
    await player.until("!video.seeking")
    await player.video.evaluate("video => video.pause()")
    before = await player.get("currentTime")
    for field in ("input", "textarea"):
        await page.evaluate(
            "name => document.querySelector('main').append(document.createElement(name))", field
        )
        box = page.locator(f"main > {field}")
        await box.focus()
        await page.keyboard.type(typed)
        await page.keyboard.press("Home")
        assert await box.input_value() == typed
        await box.evaluate("box => box.remove()")
    assert await player.get("currentTime") == before
    assert await player.get("paused")
    assert not await player.get("muted")


async def _remembers_speed_sound_and_captions(player: Player) -> None:
    page = player.page
    await player.video.evaluate("video => { video.volume = 0.5; }")
    await player.video.evaluate("video => video.nativeEl.addTextTrack('subtitles', 'English', 'en')")
    await player.until("video.textTracks[video.textTracks.length - 1].mode === 'showing'")
    for key in (">", "m", "c"):
        await page.keyboard.press(key)
    await player.until("video.playbackRate === 1.25 && video.muted")
    await player.until("video.textTracks[video.textTracks.length - 1].mode !== 'showing'")
    await page.wait_for_function("() => localStorage.getItem('skillstudio-player')?.includes('captions')")
    await page.reload()
    await player.until("video.playbackRate === 1.25 && video.muted && video.volume === 0.5")
    await expect(page.locator("media-controller[defaultsubtitles]")).to_have_count(0)
    await player.play()
    assert await player.get("playbackRate") == pytest.approx(1.25)


async def _plays_where_storage_is_forbidden(browser: Browser, signed_in: Page, lesson: str) -> None:
    context = await browser.new_context(storage_state=await signed_in.context.storage_state())
    await context.add_init_script(NO_STORAGE)
    page = await context.new_page()
    await page.goto(lesson)
    player = Player(page)
    await player.play()
    await page.keyboard.press(">")
    await player.until("video.playbackRate === 1.25")
    await context.close()


async def _seeks_by_double_tap(browser: Browser, signed_in: Page, lesson: str) -> None:
    context = await browser.new_context(storage_state=await signed_in.context.storage_state(), **PHONE)
    page = await context.new_page()
    await page.goto(lesson)
    player = Player(page)
    await player.play()
    await player.video.evaluate("video => { video.pause(); video.currentTime = 30; }")
    await _at(player, 30, within=0.1)
    frame = await page.locator("media-controller").bounding_box()
    assert frame
    for share, landed in ((0.9, 40), (0.1, 30)):
        for _ in range(2):
            await page.touchscreen.tap(frame["x"] + share * frame["width"], frame["y"] + frame["height"] / 3)
        await expect(page.locator("[data-flash]")).to_be_visible()
        await _at(player, landed, within=0.1)
        await page.wait_for_timeout(400)  # the next tap would be a third one
    await context.close()
