"""Codec support of the browser in the tests."""

from playwright.async_api import Page


async def test_browser_supports_the_published_codecs(page: Page) -> None:
    await page.set_content("<h1>It works</h1>")
    assert await page.inner_text("h1") == "It works"
    assert await page.evaluate(
        """() => MediaSource.isTypeSupported('video/mp4; codecs="avc1.640028,mp4a.40.2"')"""
    )
