"""XP that is earned while a lecture plays: told on the open player page, by itself."""

import pytest
from playwright.async_api import Locator, Page, Response, expect

from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.shots import Shots
from tests.e2e.test_quizzes import add_quizzes
from tests.e2e.test_toasts import RECORD, announced
from tests.e2e.watching import EMAIL, prepare
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECONDS, QUIZ = 12, 3  # length of the lecture, and when it asks
MOVES = 0.05  # seconds of an animation that can be seen
# The longest animation of each toast as it arrives, in seconds.
WATCH_TOASTS = """() => {
  window.moved = [];
  const seconds = (toast) => Math.max(...toast.getAnimations({ subtree: true })
    .map((animation) => animation.effect.getComputedTiming().activeDuration / 1000), 0);
  new MutationObserver((changes) => changes.flatMap(({ addedNodes }) => [...addedNodes])
    .forEach((node) => node.matches?.(".toast") && moved.push(seconds(node))))
    .observe(document.querySelector("[data-toasts]"), { childList: true, subtree: true });
}"""


def earned(page: Page) -> Locator:
    return page.locator(".toast-region .toast", has_text="XP")


async def test_quiz_and_lecture_tell_their_xp_on_the_player_page(
    page: Page, shared_product: Product, shots: Shots
) -> None:
    """The page is never left: a question in the video is answered, and then it plays to its end."""
    expect.set_options(timeout=20_000)
    lesson = await prepare(shared_product, SECONDS)
    await add_quizzes(shared_product, lesson, (QUIZ,))
    await site.sign_in(page, shared_product.url, EMAIL)
    await page.add_init_script(RECORD)
    await page.goto(lesson)
    await page.evaluate(WATCH_TOASTS)
    await page.evaluate("window.stayed = true")
    await expect(page.locator("[data-earned]")).to_have_count(0)
    await _answers_the_question(page)
    await shots.take(page, "xp-toast-of-a-quiz")
    await earned(page).get_by_role("button", name="Dismiss").click()
    await page.emulate_media(reduced_motion="reduce")
    await _plays_to_the_end(page)
    await shots.take(page, "xp-toast-of-a-lecture")
    assert await page.evaluate("window.stayed")
    with_motion, without = await page.evaluate("moved")
    assert with_motion > MOVES > without


async def _answers_the_question(page: Page) -> None:
    """While the dialog is open, nothing behind it is told: the message waits until it is closed."""
    dialog = page.locator("[data-quiz-dialog]")
    await Player(page).play()
    await dialog.get_by_label("red").check()
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog.locator("[data-quiz-result=passed]")).to_be_visible()
    await expect(earned(page)).to_have_count(0)
    await dialog.get_by_role("button", name="Go on with the video").click()
    await expect(earned(page)).to_have_count(1)
    await announced(page, "status", "XP")


async def _plays_to_the_end(page: Page) -> None:
    told: list[Response] = []
    page.on("response", lambda one: told.append(one) if one.url.endswith("/api/video/track-watch") else None)
    await Player(page).until("video.ended")
    await expect(earned(page)).to_contain_text("First Steps")
    answers = [answer for one in told for answer in await one.json()]
    assert any(answer["completed"] for answer in answers), answers
    await announced(page, "status", "First Steps")
