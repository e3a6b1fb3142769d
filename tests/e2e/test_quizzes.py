"""Quizzes in a browser: a video that stops and asks, and an attempt that is saved as it is answered."""

import asyncio

import httpx
import msgspec
import pytest
from playwright.async_api import Page, Route, expect

from server.learning.quizzes.model import QuizContent
from tests.e2e import site
from tests.e2e.player import Player
from tests.e2e.shots import Shots
from tests.e2e.watching import EMAIL, prepare, teacher_token
from tests.fixtures.product import Product
from tests.fixtures.server_process import Campus
from tests.world.quizzes import QUESTIONS, content

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FIRST, SECOND = 3, 40  # seconds at which the video asks


async def add_quizzes(product: Product, lesson: str, moments: tuple[int, ...] = (FIRST, SECOND)) -> str:
    """Questions in the video, and a quiz lesson after it; the address of that lesson's page."""
    token = await teacher_token(product)
    course, _, lesson_id = lesson.removeprefix(f"{product.url}/dashboard/courses/").split("/")
    one = msgspec.to_builtins(QuizContent(questions=QUESTIONS[:1]))
    every = msgspec.to_builtins(content(minutes=30))
    async with httpx.AsyncClient(base_url=product.url, headers={"Authorization": f"Bearer {token}"}) as api:
        for moment in moments:
            pinned = await api.put(f"/api/lessons/{lesson_id}/quiz?at={moment}", json={"content": one})
            assert pinned.is_success, pinned.text
        new = {"title": "Test", "kind": "quiz", "status": "published"}
        made = (await api.post(f"/api/courses/{course}/lessons", json=new)).json()
        saved = await api.put(f"/api/lessons/{made['id']}/quiz", json={"content": every})
        assert saved.is_success, saved.text
    return f"{product.url}/dashboard/courses/{course}/lessons/{made['id']}"


@pytest.mark.long
async def test_quizzes_in_a_video_and_on_their_own(page: Page, shared_product: Product, shots: Shots) -> None:
    lesson = await prepare(shared_product)
    quiz = await add_quizzes(shared_product, lesson)
    await site.sign_in(page, shared_product.url, EMAIL)
    await page.goto(lesson)
    await _video_stops_and_asks(page, shots)
    await _skipping_past_asks_as_well(page)
    await _attempt_is_saved_and_passed(page, quiz, shots)


async def _video_stops_and_asks(page: Page, shots: Shots) -> None:
    player, dialog = Player(page), page.locator("[data-quiz-dialog]")
    await player.play()
    await expect(dialog).to_be_visible(timeout=30_000)
    assert await player.get("paused")
    assert FIRST <= await player.get("currentTime") < FIRST + 2
    await dialog.get_by_label("red").check()
    await shots.take(page, "quiz-in-a-video")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog.get_by_text("Like fire.")).to_be_visible()
    await dialog.get_by_role("button", name="Go on with the video").click()
    await player.until(f"!video.paused && video.currentTime > {FIRST + 1}")


async def _skipping_past_asks_as_well(page: Page) -> None:
    player, dialog = Player(page), page.locator("[data-quiz-dialog]")
    await player.seek(SECOND + 15)
    await expect(dialog.get_by_text("Which colour is warm?")).to_be_visible(timeout=30_000)
    await page.keyboard.press("Escape")
    await player.until("!video.paused")
    await page.reload()
    assert '"answered":true},{' in str(
        await page.locator("[data-quiz-stops]").get_attribute("data-quiz-stops")
    )


async def _attempt_is_saved_and_passed(page: Page, quiz: str, shots: Shots) -> None:
    await page.goto(quiz)
    await shots.take(page, "quiz")
    await page.get_by_role("button", name="Begin").click()
    await page.get_by_label("red").check()
    await page.get_by_label("2", exact=True).check()
    await page.get_by_label("3", exact=True).check()
    await page.get_by_label("Your answer").first.fill("3,140")
    await expect(page.get_by_text("can be read as 3.140 or as 3140")).to_be_visible()
    await page.get_by_label("Your answer").first.fill("3,14")
    await expect(page.get_by_text("can be read as 3.140 or as 3140")).to_be_hidden()
    await page.get_by_label("Your answer").last.fill("hannover")
    await page.get_by_label("ant").select_option("1")
    await expect(page.get_by_text("Not saved yet: give each line a place of its own.")).to_be_visible()
    for place, name in enumerate(("cat", "cow"), start=2):
        await page.get_by_label(name).select_option(str(place))
    await expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    await _refusals_are_named(page)
    attempt = page.url
    await page.get_by_label("blue").check()
    await page.goto(quiz)  # sooner than an answer is saved: it is sent meanwhile
    for _ in range(20):
        await page.goto(attempt)
        if await page.get_by_label("blue").is_checked():
            break
        await asyncio.sleep(0.5)
    await expect(page.get_by_label("blue")).to_be_checked()
    await expect(page.get_by_label("cow")).to_have_value("3")
    await shots.take(page, "quiz-attempt")
    await page.get_by_label("red").check()
    await page.get_by_role("button", name="Submit").click()
    await expect(page.locator("[data-quiz-result=passed]")).to_be_visible()
    await expect(page.get_by_text("100 %")).to_be_visible()
    await shots.take(page, "quiz-review")


async def _refusals_are_named(page: Page) -> None:
    """What the server refuses is no lost connection, and it is sent again."""
    state = page.locator("[data-save-state]")

    async def refuse(status: int, told: str) -> None:
        async def answer(route: Route) -> None:
            await route.fulfill(status=status, json={"detail": told})

        await page.route("**/answers", answer)
        await page.get_by_label("blue").check()
        await expect(state).to_contain_text(told)
        await page.unroute("**/answers")
        await expect(state).to_have_text("Saved.", timeout=20_000)
        # To its end: who waits for the next answer to be sent would take this one for it.
        async with page.expect_request_finished(lambda sent: sent.url.endswith("/answers")):
            await page.get_by_label("red").check()

    await refuse(401, "You are signed out.")
    await refuse(404, "It is not open to you.")


async def test_quiz_is_written_in_a_browser(teacher: Page, campus: Campus, shots: Shots) -> None:
    await teacher.goto(f"{campus.server.url}/teach/courses/{campus.school.course_id}")
    form = teacher.locator("form", has=teacher.get_by_role("button", name="Add lesson"))
    await form.get_by_role("textbox").fill("Test")
    await form.get_by_label("Kind").select_option("quiz")
    await form.get_by_role("button").click()
    await teacher.get_by_role("link", name="Edit the questions").click()
    await teacher.get_by_role("button", name="Add question").click()
    await teacher.get_by_label("Question", exact=True).fill("Which colour is warm? " + "Very" * 40)
    await teacher.get_by_label("Answer 1", exact=True).fill("red")
    await teacher.get_by_label("Answer 2", exact=True).fill("blue")
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_text("Mark exactly one answer as right.")).to_be_visible()
    await shots.take(teacher, "quiz-question")
    await teacher.get_by_label("right 1", exact=True).check()
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_role("link", name="Which colour is warm?")).to_be_visible()
    await teacher.get_by_label("Or its text").fill("One?{T}\n\nMatch {=a -> 1 =b -> 2}\n")
    await teacher.get_by_role("button", name="Import").click()
    await expect(teacher.get_by_text("Line 3, “Match”:")).to_be_visible()
    await shots.take(teacher, "quiz-editor")
    await teacher.get_by_label("Leave these out").check()
    await teacher.get_by_role("button", name="Import").click()
    await expect(teacher.get_by_role("link", name="One?")).to_be_visible()
    await _refused_settings_are_shown(teacher)
    await teacher.get_by_label("Passed with, in percent").fill("75")
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_text("Saved.")).to_be_visible()
    await expect(teacher.get_by_label("Passed with, in percent")).to_have_value("75")
    await expect(teacher.locator("[data-kept]")).to_have_count(0)


async def _refused_settings_are_shown(page: Page) -> None:
    """On a phone the form is far below the top of the page that comes back."""
    await page.set_viewport_size({"width": 390, "height": 844})
    minutes = page.get_by_label("Time limit in minutes")
    await minutes.fill("soon")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The time limit is 1 to 1,440 minutes")).to_be_in_viewport()
    await expect(minutes).to_be_focused()
    await expect(minutes).to_have_value("soon")
    await minutes.fill("")
    await page.set_viewport_size({"width": 1280, "height": 800})
