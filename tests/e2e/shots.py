"""Screenshots of pages: desktop and phone, light and dark."""

from pathlib import Path
from typing import Literal

from playwright.async_api import Page

SIZES = ((1280, 800), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


class Shots:
    """Without a folder, pages are checked and no picture is taken, which is slow."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    async def take(self, page: Page, name: str) -> None:
        """Fails if the page scrolls horizontally in one of four looks; writes a file for each."""
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width, height in SIZES:
                await page.set_viewport_size({"width": width, "height": height})
                await page.evaluate("scrollTo(0, 0), document.fonts.ready")
                await self._move_pointer(page)
                overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert overflow <= 0, f"{name} at {width} px scrolls horizontally by {overflow} px"
                if self.folder is not None:
                    picture = self.folder / f"{name}-{width}-{scheme}.png"
                    await page.screenshot(path=picture, animations="disabled")
        await page.emulate_media(color_scheme="light")
        await page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})

    async def _move_pointer(self, page: Page) -> None:
        """Moves the pointer away from tooltips, or onto the player's video, which shows its controls."""
        await page.mouse.move(0, 0)
        player = page.locator("media-controller")
        box = await player.bounding_box() if await player.count() else None
        if box:  # not hover(), which may scroll
            await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
