"""Page object of the player: its controls, and the state of the browser's <video> element."""

import asyncio
import time
from typing import Any

from playwright.async_api import Page, expect

STALLS = """video => {
  window.stalls = 0;
  video.nativeEl.addEventListener("waiting", () => { window.stalls += 1; });
}"""


class Player:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.video = page.locator("hls-video")
        self.section = page.locator("[data-lecture-player]")

    async def get(self, name: str) -> Any:
        return await self.video.evaluate(f"video => video.{name}")

    async def state(self) -> str | None:
        return await self.section.get_attribute("data-state")

    async def play(self) -> None:
        await self.page.locator("media-play-button").click()
        await self.until("!video.paused && video.currentTime > 0.2")

    async def until(self, condition: str, seconds: float = 30) -> None:
        """Waits for `condition`, a JavaScript expression about `video`."""
        try:
            await self.page.wait_for_function(
                f"() => {{ const video = document.querySelector('hls-video'); return {condition}; }}",
                timeout=seconds * 1000,
            )
        except Exception as error:
            raise AssertionError(f"{condition} was not reached: {await self.facts()}") from error

    async def facts(self) -> dict[str, Any]:
        names = ("currentTime", "duration", "paused", "readyState", "videoHeight", "error?.message")
        return {name: await self.get(name) for name in names} | {"state": await self.state()}

    async def seek(self, seconds: float) -> None:
        await self.video.evaluate("(video, at) => { video.currentTime = at; }", seconds)

    async def choose(self, submenu: str, entry: str) -> None:
        """Chooses an entry of the settings menu by clicks."""
        await self.page.locator("media-control-bar").last.hover()
        await self.page.locator("media-settings-menu-button").click()
        await self.page.locator("media-settings-menu-item", has_text=submenu).first.click()
        await self.page.get_by_role("menuitemradio", name=entry, exact=True).click()
        menu = self.page.locator("media-settings-menu")
        if await menu.is_visible():
            await self.page.keyboard.press("Escape")
        await expect(menu).to_be_hidden()

    async def count_stalls(self) -> None:
        await self.video.evaluate(STALLS)

    async def stalls(self) -> int:
        return int(await self.page.evaluate("window.stalls"))

    async def measured_rate(self, seconds: float) -> float:
        """Playback rate measured over `seconds` of wall time."""
        started_at, start = time.monotonic(), await self.get("currentTime")
        await asyncio.sleep(seconds)
        return float((await self.get("currentTime") - start) / (time.monotonic() - started_at))
