"""A learner's whole way: watch, leave, go on elsewhere, pass quizzes, complete the course, be certified."""

import re

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from server.learning.certificates.qr import qr_code
from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.shots import Shots
from tests.e2e.test_certificates import PAGES
from tests.e2e.test_discussion import staff
from tests.e2e.test_quizzes import FIRST, add_quizzes
from tests.e2e.test_watching import watched, watched_at_least
from tests.e2e.watching import EMAIL, SECONDS, prepare
from tests.fixtures.axe import violations
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

THRESHOLD = 50  # percent of the video that completes it
LEFT_AT = 16  # seconds
ENOUGH = SECONDS * THRESHOLD / 100 + 4


async def look(page: Page, shots: Shots, name: str) -> None:
    """Four pictures, and axe in both colour schemes."""
    await shots.take(page, f"learning-{name}")
    for scheme in ("dark", "light"):
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        assert await violations(page) == [], f"{name}, {scheme}"


@pytest.mark.long
async def test_from_the_first_second_to_a_verified_certificate(
    browser: Browser, page: Page, shared_product: Product, shots: Shots
) -> None:
    lesson = await prepare(shared_product)
    await add_quizzes(shared_product, lesson, moments=(FIRST,))
    async with await staff(shared_product) as teacher:
        await _complete_the_course_of(teacher, lesson)
    await site.sign_in(page, shared_product.url, EMAIL)
    await _watches_passes_the_question_and_leaves(page, shots)
    await page.close()
    elsewhere = await browser.new_page(viewport={"width": 1280, "height": 800})
    await site.sign_in(elsewhere, shared_product.url, EMAIL)
    await _goes_on_and_completes(elsewhere, shots)
    await _passes_the_quiz(elsewhere, shots)
    address = await _prints_the_certificate(elsewhere, shots)
    anybody = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    await anybody.goto(address)
    await expect(anybody.get_by_role("status").filter(has_text="genuine and valid")).to_be_visible()
    for fact in ("Leo", "Optics"):
        await expect(anybody.locator(".certificate").get_by_text(fact, exact=True)).to_be_visible()
    await look(anybody, shots, "verification")


async def _complete_the_course_of(teacher: httpx.AsyncClient, lesson: str) -> None:
    """What its pages show beside the video: certificates, an attachment, a post."""
    course_id, lesson_id = re.findall(r"/courses/(\w+)/lessons/(\w+)", lesson)[0]
    course, here = f"/api/courses/{course_id}", f"/api/lessons/{lesson_id}"
    for answer in (
        await teacher.patch(course, json={"completion_threshold": THRESHOLD}),
        await teacher.put(f"{course}/certificate", json={"given": True, "text": "With merit.", "hours": 2}),
        await teacher.post(f"{here}/attachments", files={"file": ("notes.txt", b"notes", "text/plain")}),
        await teacher.post(f"{here}/posts", json={"text": "Welcome. The proof is at 0:20."}),
    ):
        assert answer.is_success, answer.text


async def _watches_passes_the_question_and_leaves(page: Page, shots: Shots) -> None:
    await look(page, shots, "dashboard")
    await page.get_by_role("link", name="Optics").click()
    await look(page, shots, "course")
    await page.get_by_role("link", name="Start learning").click()
    player, dialog = Player(page), page.locator("[data-quiz-dialog]")
    await player.play()
    await player.video.evaluate("video => { video.playbackRate = 2; }")
    await expect(dialog).to_be_visible(timeout=30_000)
    await dialog.get_by_label("red").check()
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog.get_by_text("Like fire.")).to_be_visible()
    await dialog.get_by_role("button", name="Go on with the video").click()
    await player.until(f"video.currentTime > {LEFT_AT}")
    await page.keyboard.press("Space")
    await watched_at_least(page, 100 * LEFT_AT // SECONDS - 1)
    question = page.get_by_role("region", name="Question at 0:03")
    await expect(question.get_by_text("Passed", exact=True).first).to_be_visible()
    await look(page, shots, "lesson")


async def _goes_on_and_completes(page: Page, shots: Shots) -> None:
    await look(page, shots, "dashboard-going-on")
    await page.get_by_role("region", name="Go on learning").get_by_role("link").click()
    before = await watched(page)
    player = Player(page)
    await player.play()
    assert LEFT_AT - 8 < await player.get("currentTime") < LEFT_AT + 6
    await player.video.evaluate("video => { video.playbackRate = 2; }")
    await player.until(f"video.currentTime > {ENOUGH}", seconds=60)
    await page.keyboard.press("Space")
    await expect(page.get_by_text("Lesson completed")).to_be_visible(timeout=30_000)
    assert await watched(page) >= THRESHOLD > before
    await expect(page.locator("#outline [aria-current]").get_by_text("Completed")).to_be_attached()
    await look(page, shots, "lesson-completed")
    await page.locator("#outline").get_by_role("link", name="Test").first.click()


async def _passes_the_quiz(page: Page, shots: Shots) -> None:
    await look(page, shots, "quiz")
    await page.get_by_role("button", name="Begin").click()
    for right in ("red", "2", "3"):
        await page.get_by_label(right, exact=True).check()
    await page.get_by_label("Your answer").first.fill("3,14")
    await page.get_by_label("Your answer").last.fill("hannover")
    for place, name in enumerate(("ant", "cat", "cow"), start=1):
        await page.get_by_label(name).select_option(str(place))
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await look(page, shots, "quiz-attempt")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.locator("[data-quiz-result=passed]")).to_be_visible()
    await look(page, shots, "quiz-review")


async def _prints_the_certificate(page: Page, shots: Shots) -> str:
    """The address in its QR code."""
    await page.get_by_role("link", name="Optics").first.click()
    await expect(page.get_by_text("Course completed")).to_be_visible()
    await look(page, shots, "course-completed")
    await page.get_by_role("link", name="Your certificate").click()
    await expect(page.get_by_text("With merit.")).to_be_visible()
    await look(page, shots, "certificate")
    for paper in ("A4", "Letter"):
        printed = await page.pdf(format=paper, print_background=True)
        assert len(PAGES.findall(printed)) == 1, paper
    await page.emulate_media(media="print")
    for gone in (page.get_by_role("banner"), page.get_by_role("navigation").first):
        await expect(gone).to_be_hidden()
    address = await page.locator(".certificate-verify code").inner_text()
    drawn = await page.locator(".certificate-qr path").last.get_attribute("d")
    assert drawn == qr_code(address).path
    return address
