"""What comes between a browser and its uploads, and what the pages make of it."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import update

from storage.database.tables import Lesson, Upload, Video
from tests.e2e.uploading import (
    INPUT,
    SLOW,
    arrived,
    at_speed,
    begun,
    count,
    course_url,
    digest,
    leave,
    lesson_url,
    slowly,
    stay,
    stored,
)
from tests.fixtures.uploads import Campus, eventually

pytestmark = pytest.mark.e2e

MANY = "[data-upload-many] input[type=file]"
LESSONS = "**/api/courses/*/lessons"
UPLOAD = "**/api/video/upload/tus/*"
WATCH_FOR_THE_OLD = """() => {
  window.shown = { old: false, new: false };
  const lesson = document.querySelector("[data-lesson-video]");
  const look = () => {
    const visible = lesson.querySelector(".lesson-state").checkVisibility();
    if (lesson.dataset.stage !== "failed") shown.new ||= visible;
    else if (lesson.querySelector(".upload")) shown.old ||= visible;
    requestAnimationFrame(look);
  };
  look();
}"""


async def test_a_server_in_trouble_does_not_make_it_begin_anew(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    line = await begun(teacher, campus, lecture)
    await teacher.get_by_role("button", name="Pause").click()
    looks = []

    async def trouble(route: Route) -> None:
        looks.append(route.request.method)
        await route.fulfill(status=500 if len(looks) == 1 else 503)

    await teacher.route(UPLOAD, trouble, times=2)
    await teacher.get_by_role("button", name="Go on").click()
    await eventually(lambda: len(looks) == 2)
    await at_speed(line, -1)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert looks == ["HEAD", "HEAD"]
    assert await count(campus, Upload) == 1
    assert await stored(campus) == {lecture.name: digest(lecture)}


async def test_cancelled_while_the_line_is_lost(teacher: Page, campus: Campus, lecture: Path) -> None:
    """The server keeps what it has, and the page offers to go on with it or to let go of it."""
    await teacher.goto(lesson_url(campus))
    await slowly(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await expect(teacher.locator("[data-lesson-video]")).to_have_attribute("data-stage", "uploading")
    await teacher.get_by_role("button", name="Pause").click()
    await teacher.route(UPLOAD, lambda route: route.abort())
    await teacher.get_by_role("button", name="Cancel upload").click()
    await expect(teacher.locator("[data-interrupted]")).to_contain_text(lecture.name)
    await teacher.get_by_role("button", name="Discard it").click()
    await expect(teacher.get_by_text("Drop the lecture here")).to_be_visible()
    assert arrived(campus) == 0


async def test_a_file_that_changes_under_way_is_chosen_again(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    await teacher.goto(lesson_url(campus))
    await slowly(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await eventually(lambda: arrived(campus) > 0)
    await teacher.get_by_role("button", name="Pause").click()
    lecture.write_bytes(os.urandom(1000))
    await teacher.get_by_role("button", name="Go on").click()
    await expect(teacher.get_by_role("alert")).to_contain_text("This file can no longer be read.")
    await expect(teacher.get_by_role("button", name="Go on")).to_be_hidden()
    await teacher.get_by_role("button", name="Remove from the list").click()
    await expect(teacher.locator("[data-interrupted]")).to_contain_text(lecture.name)


async def test_a_lost_request_leaves_the_queue_as_it_is(
    teacher: Page, campus: Campus, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("heaps.mp4", "trees.mp4")]
    for path in files:
        path.write_bytes(os.urandom(50_000))
    await teacher.goto(course_url(campus))
    asked = []

    async def away(route: Route) -> None:
        asked.append(route.request.url)
        await (route.abort() if len(asked) == 1 else route.fulfill(status=502, body="<h1>Bad gateway</h1>"))

    await teacher.route(LESSONS, away, times=2)
    await teacher.set_input_files(MANY, files)
    waiting = teacher.locator("[data-line]").filter(has_text="Waits for its turn")
    await expect(waiting).to_have_count(2)
    await eventually(lambda: len(asked) == 2)
    await teacher.evaluate("dispatchEvent(new Event('online'))")  # sooner than after the next four seconds
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(2)
    assert await stored(campus) == {path.name: digest(path) for path in files}
    # The lessons are there now: so they are in what publishes the course.
    await teacher.get_by_text("Publish course").first.click()
    await expect(teacher.get_by_label("Publish its 3 draft lessons too")).to_be_visible()


async def test_a_file_whose_encoding_failed_is_sent_again(
    teacher: Page, campus: Campus, tmp_path: Path
) -> None:
    file = tmp_path / "sorting.mp4"
    file.write_bytes(os.urandom(50_000))
    await teacher.goto(course_url(campus))
    await teacher.set_input_files(MANY, file)
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(1)
    async with campus.school.database.write() as session:
        await session.execute(update(Video).values(state="failed"))
        await session.execute(update(Lesson).values(video_status="failed"))
    await teacher.reload()
    await teacher.set_input_files(MANY, file)
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(1)
    assert await count(campus, Upload) == 2
    assert await count(campus, Video) == 2


async def test_the_old_failure_is_not_shown_beside_the_new_file(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    lesson = teacher.locator("[data-lesson-video]")
    await teacher.goto(lesson_url(campus))
    await teacher.set_input_files(INPUT, lecture)
    await expect(teacher.locator(".lesson-state")).to_be_visible()
    await expect(teacher.locator("[data-panels] > *")).to_have_count(0)
    async with campus.school.database.write() as session:
        await session.execute(update(Video).values(state="failed", error="It could not be read."))
        await session.execute(update(Lesson).values(video_status="failed"))
    await expect(teacher.get_by_text("It could not be read.")).to_be_visible()
    await teacher.evaluate(WATCH_FOR_THE_OLD)
    lecture.write_bytes(os.urandom(60_000))
    await teacher.set_input_files(INPUT, lecture)
    await expect(lesson).not_to_have_attribute("data-stage", "failed")
    await expect(teacher.locator(".lesson-state")).to_be_visible()
    await expect(teacher.locator("[data-panels] > *")).to_have_count(0)
    assert await teacher.evaluate("shown") == {"old": False, "new": True}
    assert await count(campus, Video) == 2


async def test_signed_out_beside_a_running_upload(teacher: Page, campus: Campus, lecture: Path) -> None:
    """What refreshes by itself does not take the page away, and its message goes when all is well."""
    await teacher.goto(course_url(campus))
    line = await slowly(teacher, SLOW)
    await teacher.set_input_files(MANY, lecture)
    await eventually(lambda: arrived(campus) > 0)
    await expect(teacher.locator("#lessons")).to_contain_text("Uploading")
    await teacher.get_by_role("button", name="Pause").click()
    cookies = await teacher.context.cookies()
    await teacher.context.clear_cookies()
    said = teacher.locator("#flash [data-failed]")
    await expect(said).to_contain_text("You are signed out.")
    await said.get_by_role("button", name="Dismiss this message").click()
    await expect(said).to_be_hidden()
    await expect(said).to_be_visible()  # at the next look
    await teacher.context.add_cookies(cookies)  # type: ignore[arg-type]
    await expect(said).to_be_hidden()
    await at_speed(line, -1)
    await teacher.get_by_role("button", name="Go on").click()
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(1)
    assert await stored(campus) == {lecture.name: digest(lecture)}


async def test_a_refused_lesson_leaves_the_list_in_place(teacher: Page, campus: Campus) -> None:
    """The page then stands at an address that takes forms only."""
    await teacher.goto(course_url(campus))
    await teacher.get_by_label("Or name a lesson").evaluate("field => field.removeAttribute('required')")
    await teacher.get_by_role("button", name="Add lesson").click()
    await expect(teacher.get_by_text("Write a title of 1 to 200 characters.")).to_be_visible()
    asked = []
    teacher.on("request", lambda request: asked.append(request.url))
    await teacher.get_by_label("More for: Sorting").click()
    await teacher.get_by_role("button", name="Publish").click()
    await expect(teacher.get_by_text("Draft", exact=True)).to_have_count(1)  # the course's own
    await teacher.evaluate(
        "import('skillstudio/refresh.js').then(({ refresh }) => refresh(document.querySelector('#lessons')))"
    )
    await expect(teacher.locator("#lessons")).to_contain_text("Sorting")
    assert asked[-1] == course_url(campus)


async def test_who_stays_on_the_page_can_still_sign_out(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    await slowly(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await eventually(lambda: arrived(campus) > 0)
    teacher.remove_listener("dialog", leave)
    teacher.once("dialog", stay)
    await teacher.get_by_label("Your account").click()
    await teacher.get_by_role("button", name="Sign out").click()
    await expect(teacher.locator("form[data-sent]")).to_have_count(0)
    teacher.on("dialog", leave)
    await teacher.get_by_role("button", name="Sign out").click()
    await teacher.wait_for_url("**/sign-in*")


async def test_a_lecture_that_fails_while_somebody_waits_for_it(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    await teacher.goto(lesson_url(campus))
    await teacher.set_input_files(INPUT, lecture)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    await teacher.goto(lesson_url(campus).replace("/teach/", "/dashboard/"))
    await expect(teacher.locator("[data-note]")).to_contain_text("The lecture is being prepared.")
    async with campus.school.database.write() as session:
        await session.execute(update(Lesson).values(video_status="failed"))
    await expect(teacher.get_by_text("This video could not be prepared")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, "no longer kept up to date"), (401, "You are signed out.")]
)
async def test_a_page_that_can_no_longer_follow_its_lesson_says_so(
    teacher: Page, campus: Campus, status: int, sentence: str
) -> None:
    asked = []

    async def refused(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=status)

    await teacher.route("**/api/video/transcode/status/**", refused)
    await teacher.goto(lesson_url(campus))
    await expect(teacher.locator("#flash [data-failed]")).to_contain_text(sentence)
    assert len(asked) == 2  # the stream, and why there is none
