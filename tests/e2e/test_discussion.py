"""Discussion beside a playing video: it plays on while a post is sent, and times in posts seek it."""

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.shots import Shots
from tests.e2e.watching import EMAIL, prepare, teacher_token
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

REFRESH_MS = 60_000  # two of its periods


async def staff(product: Product) -> httpx.AsyncClient:
    """Client of an administrator, who teaches every course."""
    token = await teacher_token(product)
    return httpx.AsyncClient(base_url=product.url, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.long
async def test_the_lecture_plays_on_beside_its_discussion(
    page: Page, shared_product: Product, shots: Shots
) -> None:
    lesson = await prepare(shared_product)
    posts = f"/api/lessons/{lesson.rpartition('/')[2]}/posts"
    async with await staff(shared_product) as teacher:
        welcome = await teacher.post(posts, json={"text": "Welcome. The proof is at 0:20."})
        assert welcome.status_code == 201, welcome.text
        await site.sign_in(page, shared_product.url, EMAIL)
        await page.goto(lesson)
        await _is_marked_as_read_once_it_was_in_view(page)
        await _plays_on_while_a_post_is_sent(page)
        await shots.take(page, "discussion")
        thread = welcome.json()["id"]
        assert (await teacher.post(posts, json={"text": "Any questions?", "reply_to": thread})).is_success
        await page.locator("#posts").scroll_into_view_if_needed()
        await expect(page.get_by_text("Any questions?")).to_be_visible(timeout=REFRESH_MS)
    assert await page.evaluate("window.stayed")


async def _is_marked_as_read_once_it_was_in_view(page: Page) -> None:
    mark = page.locator("[data-unread]")
    await expect(mark).to_have_text("1 new post")
    await page.locator("form[data-seen]").scroll_into_view_if_needed()
    await expect(mark).to_have_count(0, timeout=15_000)
    await page.reload()
    await expect(page.locator("#posts .pill", has_text="Instructor")).to_be_visible()
    await expect(mark).to_have_count(0)


async def _plays_on_while_a_post_is_sent(page: Page) -> None:
    player = Player(page)
    await player.play()
    await page.evaluate("window.stayed = true")
    await page.get_by_label("Your question or remark").fill("Why is that so at 0:05?")
    await page.get_by_role("button", name="Send post").click()
    await expect(page.locator(".post-text", has_text="Why is that so")).to_be_visible()
    await expect(page.get_by_label("Your question or remark")).to_have_value("")
    assert not await player.get("paused")
    await page.get_by_role("link", name="0:20").click()
    await player.until("!video.seeking && video.currentTime > 19.5 && video.currentTime < 30")
