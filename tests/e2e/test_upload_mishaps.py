"""Upload pages under server errors, network loss, changed files and expired sessions."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import update

from storage.database.tables import Lesson, Upload, Video
from storage.messages import Message
from storage.states import RevisionState
from tests.e2e.uploading import (
    INPUT,
    SLOW,
    accept_dialog,
    count,
    course_url,
    digest,
    dismiss_dialog,
    lesson_url,
    received_bytes,
    set_upload_rate,
    start_slow_upload,
    stored_digests,
    throttle_upload,
)
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.e2e

MANY = "[data-upload-many] input[type=file]"
LESSONS = "**/api/courses/*/lessons"
UPLOAD = "**/api/video/upload/tus/*"
RECORD_SHOWN_STATES = """() => {
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


async def test_server_errors_do_not_restart_the_upload(teacher: Page, campus: Campus, lecture: Path) -> None:
    cdp = await start_slow_upload(teacher, campus, lecture)
    await teacher.get_by_role("button", name="Pause").click()
    methods = []

    async def server_error(route: Route) -> None:
        methods.append(route.request.method)
        await route.fulfill(status=500 if len(methods) == 1 else 503)

    await teacher.route(UPLOAD, server_error, times=2)
    await teacher.get_by_role("button", name="Resume").click()
    await wait_until(lambda: len(methods) == 2)
    await set_upload_rate(cdp, -1)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert methods == ["HEAD", "HEAD"]
    assert await count(campus, Upload) == 1
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}


@pytest.mark.long
async def test_locked_database_and_full_disk_hold_an_upload_up(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    """The page says that it waits, and goes on by itself from where it was."""
    cdp = await start_slow_upload(teacher, campus, lecture)
    await teacher.get_by_role("button", name="Pause").click()
    offsets: list[int] = []

    async def full_at_first(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
            if len(offsets) <= 2:
                body = json.dumps({"detail": "The server's disk is full."})
                return await route.fulfill(status=507, content_type="application/problem+json", body=body)
        await route.continue_()

    line, problem = teacher.locator("[data-line]"), teacher.locator("[data-problem]")
    await teacher.route(UPLOAD, full_at_first)
    with closing(sqlite3.connect(campus.data / "skillstudio.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        await teacher.get_by_role("button", name="Resume").click()
        await expect(problem).to_contain_text("The server's disk is full.")
        await expect(line).to_contain_text("The server cannot take more right now.")
        await set_upload_rate(cdp, -1)
        await expect(line).not_to_contain_text("The server cannot take more right now.")
        await expect(problem).to_be_hidden()
        await expect(line).to_contain_text("The server cannot take more right now.")  # it waited for the lock
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert await count(campus, Upload) == 1
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}
    assert len(offsets) == 3, "what has arrived is not sent again"
    assert 0 < offsets[0] == offsets[1] == offsets[2]


async def test_cancel_without_network_keeps_the_upload(teacher: Page, campus: Campus, lecture: Path) -> None:
    """The server keeps the received bytes, and the page offers to resume or discard the upload."""
    await teacher.goto(lesson_url(campus))
    await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await expect(teacher.locator("[data-lesson-video]")).to_have_attribute("data-stage", "uploading")
    await teacher.get_by_role("button", name="Pause").click()
    await teacher.route(UPLOAD, lambda route: route.abort())
    await teacher.get_by_role("button", name="Cancel upload").click()
    await expect(teacher.locator("[data-interrupted]")).to_contain_text(lecture.name)
    await teacher.get_by_role("button", name="Discard it").click()
    await expect(teacher.get_by_text("Drop the lecture here")).to_be_visible()
    assert received_bytes(campus) == 0


async def test_file_changed_during_upload_is_refused(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await wait_until(lambda: received_bytes(campus) > 0)
    await teacher.get_by_role("button", name="Pause").click()
    lecture.write_bytes(os.urandom(1000))
    await teacher.get_by_role("button", name="Resume").click()
    await expect(teacher.get_by_role("region", name="Video").get_by_role("alert")).to_contain_text(
        "This file can no longer be read."
    )
    await expect(teacher.get_by_role("button", name="Resume")).to_be_hidden()
    await teacher.get_by_role("button", name="Remove from the list").click()
    await expect(teacher.locator("[data-interrupted]")).to_contain_text(lecture.name)


async def test_lost_request_keeps_the_upload_queue(teacher: Page, campus: Campus, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("heaps.mp4", "trees.mp4")]
    for path in files:
        path.write_bytes(os.urandom(50_000))
    await teacher.goto(course_url(campus))
    requests = []

    async def unreachable(route: Route) -> None:
        requests.append(route.request.url)
        await (
            route.abort() if len(requests) == 1 else route.fulfill(status=502, body="<h1>Bad gateway</h1>")
        )

    await teacher.route(LESSONS, unreachable, times=2)
    await teacher.set_input_files(MANY, files)
    waiting = teacher.locator("[data-line]").filter(has_text="Queued")
    await expect(waiting).to_have_count(2)
    await wait_until(lambda: len(requests) == 2)
    await teacher.evaluate("dispatchEvent(new Event('online'))")  # instead of waiting 4 s for the retry
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(2)
    assert await stored_digests(campus) == {path.name: digest(path) for path in files}
    # The publish dialog counts the new lessons too.
    await teacher.get_by_text("Publish course").first.click()
    await expect(teacher.get_by_label("Publish its 3 draft lessons too")).to_be_visible()


async def test_file_with_failed_encoding_is_uploaded_again(
    teacher: Page, campus: Campus, tmp_path: Path
) -> None:
    file = tmp_path / "sorting.mp4"
    file.write_bytes(os.urandom(50_000))
    await teacher.goto(course_url(campus))
    await teacher.set_input_files(MANY, file)
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(1)
    async with campus.school.database.write() as session:
        await session.execute(update(Video).values(state=RevisionState.FAILED))
        await session.execute(update(Lesson).values(video_status="failed"))
    await teacher.reload()
    await teacher.set_input_files(MANY, file)
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(1)
    assert await count(campus, Upload) == 2
    assert await count(campus, Video) == 2


async def test_old_failure_is_hidden_during_a_new_upload(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    lesson = teacher.locator("[data-lesson-video]")
    await teacher.goto(lesson_url(campus))
    await teacher.set_input_files(INPUT, lecture)
    await expect(teacher.locator(".lesson-state")).to_be_visible()
    await expect(teacher.locator("[data-panels] > *")).to_have_count(0)
    async with campus.school.database.write() as session:
        await session.execute(
            update(Video).values(state=RevisionState.FAILED, error=Message("It could not be read."))
        )
        await session.execute(update(Lesson).values(video_status="failed"))
    await expect(teacher.get_by_text("It could not be read.")).to_be_visible()
    await teacher.evaluate(RECORD_SHOWN_STATES)
    lecture.write_bytes(os.urandom(60_000))
    await teacher.set_input_files(INPUT, lecture)
    await expect(lesson).not_to_have_attribute("data-stage", "failed")
    await expect(teacher.locator(".lesson-state")).to_be_visible()
    await expect(teacher.locator("[data-panels] > *")).to_have_count(0)
    assert await teacher.evaluate("shown") == {"old": False, "new": True}
    assert await count(campus, Video) == 2


@pytest.mark.long
async def test_expired_session_during_upload_shows_a_notice(
    teacher: Page, campus: Campus, lecture: Path
) -> None:
    """A polling section does not redirect to the sign-in page; its notice disappears after signing in."""
    await teacher.goto(course_url(campus))
    cdp = await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(MANY, lecture)
    await wait_until(lambda: received_bytes(campus) > 0)
    await expect(teacher.locator("#lessons")).to_contain_text("Uploading")
    await teacher.get_by_role("button", name="Pause").click()
    cookies = await teacher.context.cookies()
    await teacher.context.clear_cookies()
    notice = teacher.locator(".toasts [data-failed]")
    await expect(notice).to_contain_text("You are signed out.")
    await notice.get_by_role("button", name="Dismiss this message").click()
    await expect(notice).to_be_hidden()
    await expect(notice).to_be_visible()  # at the next poll
    await teacher.context.add_cookies(cookies)  # type: ignore[arg-type]
    await expect(notice).to_be_hidden()
    await set_upload_rate(cdp, -1)
    await teacher.get_by_role("button", name="Resume").click()
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(1)
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}


async def test_list_still_refreshes_after_a_refused_form(teacher: Page, campus: Campus) -> None:
    """After a refused form the page's address accepts POST only."""
    await teacher.goto(course_url(campus))
    await teacher.get_by_label("Or name a lesson").evaluate("field => field.removeAttribute('required')")
    await teacher.get_by_role("button", name="Add lesson").click()
    await expect(teacher.get_by_text("Write a title of 1 to 200 characters.")).to_be_visible()
    requests = []
    teacher.on("request", lambda request: requests.append(request.url))
    await teacher.get_by_label("More for: Sorting").click()
    await teacher.get_by_role("button", name="Publish").click()
    await expect(teacher.get_by_text("Draft", exact=True)).to_have_count(1)  # that of the course
    await teacher.evaluate(
        "import(document.querySelector('script[src*=\"/page.js\"]').src)"
        ".then(({ refresh }) => refresh(document.querySelector('#lessons')))"
    )
    await expect(teacher.locator("#lessons")).to_contain_text("Sorting")
    assert requests[-1] == course_url(campus)


async def test_declined_sign_out_can_be_repeated(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await wait_until(lambda: received_bytes(campus) > 0)
    teacher.remove_listener("dialog", accept_dialog)
    teacher.once("dialog", dismiss_dialog)
    await teacher.get_by_label("Your account").click()
    await teacher.get_by_role("button", name="Sign out").click()
    await expect(teacher.locator("form[data-sent]")).to_have_count(0)
    teacher.on("dialog", accept_dialog)
    await teacher.get_by_role("button", name="Sign out").click()
    await teacher.wait_for_url("**/sign-in*")


async def test_failure_reloads_the_waiting_player(teacher: Page, campus: Campus, lecture: Path) -> None:
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
async def test_refused_event_stream_shows_a_notice(
    teacher: Page, campus: Campus, status: int, sentence: str
) -> None:
    requests = []

    async def refuse(route: Route) -> None:
        requests.append(route.request.url)
        await route.fulfill(status=status)

    await teacher.route("**/api/video/transcode/status/**", refuse)
    await teacher.goto(lesson_url(campus))
    await expect(teacher.locator(".toasts [data-failed]")).to_contain_text(sentence)
    assert len(requests) == 2  # the event stream, then the status request
