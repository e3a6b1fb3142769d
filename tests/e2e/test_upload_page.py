"""Upload pages in a browser against a real server process; the queue is unreachable."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from storage.database.tables import Lesson, Upload, Video
from tests.e2e.uploading import (
    INPUT,
    SIZE,
    SLOW,
    count,
    course_url,
    digest,
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


async def test_upload_is_paused_and_resumed(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    cdp = await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await expect(teacher.locator("[data-line]")).to_contain_text("MB/s")
    await expect(teacher.locator("[data-line]")).to_contain_text("left")
    await teacher.get_by_role("button", name="Pause").click()
    await expect(teacher.locator("[data-line]")).to_contain_text("Paused at")
    await wait_until(lambda: 0 < received_bytes(campus) < SIZE)
    await asyncio.sleep(0.5)  # bytes in flight have been received
    offset = received_bytes(campus)
    await asyncio.sleep(0.5)
    assert received_bytes(campus) == offset
    await set_upload_rate(cdp, -1)
    await teacher.get_by_role("button", name="Resume").click()
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}

    await teacher.get_by_role("button", name="Stop encoding").click()
    await expect(teacher.locator("[data-words=headline]")).to_have_text("The encoding was stopped")
    await expect(teacher.get_by_text("Drop the lecture here")).to_be_visible()


async def test_upload_is_resumed_after_a_reload(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    cdp = await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await wait_until(lambda: received_bytes(campus) > SIZE // 4)
    await teacher.reload()
    choose = teacher.get_by_role("button", name=f"Choose {lecture.name}")
    await expect(choose).to_be_visible()

    other = lecture.with_name("another.mp4")
    other.write_bytes(b"something else")
    await teacher.set_input_files("[data-interrupted] input[type=file]", other)
    await expect(teacher.get_by_role("region", name="Video").get_by_role("alert")).to_contain_text(
        f"Choose {lecture.name} to resume"
    )

    await set_upload_rate(cdp, -1)
    async with teacher.expect_file_chooser() as choosing:
        await choose.click()
    await (await choosing.value).set_files(lecture)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}
    assert await count(campus, Upload) == 1  # the same upload, not a second one


async def test_interrupted_upload_can_be_discarded(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await wait_until(lambda: received_bytes(campus) > 0)
    await teacher.reload()
    await teacher.get_by_role("button", name="Discard it").click()
    await expect(teacher.get_by_text("Drop the lecture here")).to_be_visible()
    assert received_bytes(campus) == 0


async def test_upload_continues_after_a_server_restart(teacher: Page, campus: Campus, lecture: Path) -> None:
    await teacher.goto(lesson_url(campus))
    cdp = await throttle_upload(teacher, SLOW)
    await teacher.set_input_files(INPUT, lecture)
    await wait_until(lambda: received_bytes(campus) > SIZE // 4)
    await campus.server.kill()
    await expect(teacher.locator("[data-line]")).to_contain_text("The connection was lost")
    received = received_bytes(campus)
    await campus.server.start()
    await set_upload_rate(cdp, -1)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible(timeout=20_000)
    assert received > 0
    assert await count(campus, Upload) == 1
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}


async def test_several_files_become_lessons(teacher: Page, campus: Campus, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("10_graphs.mp4", "2_heaps.mov", "sorting.mp4")]
    for path in files:
        path.write_bytes(os.urandom(200_000))
    await teacher.goto(course_url(campus))
    await teacher.set_input_files("[data-upload-many] input[type=file]", files)
    await expect(teacher.locator(".upload[data-state=done]")).to_have_count(3)
    await expect(teacher.locator("#course-facts")).to_contain_text("3 lessons")
    await teacher.get_by_role("button", name="Remove from the list").first.click()
    await expect(teacher.locator(".upload")).to_have_count(2)
    async with campus.school.database.read() as session:
        rows = await session.scalars(select(Lesson).order_by(Lesson.position))
        lessons = [(row.title, row.status, row.video_status) for row in rows]
    assert lessons == [
        ("Sorting", "draft", "processing"),  # existed without a video
        ("2 heaps", "draft", "processing"),
        ("10 graphs", "draft", "processing"),
    ]
    assert await stored_digests(campus) == {path.name: digest(path) for path in files}
    await teacher.reload()
    await teacher.set_input_files("[data-upload-many] input[type=file]", files)
    await expect(teacher.get_by_text("This file is in the course already.")).to_have_count(3)
    assert await count(campus, Video) == 3


async def test_lesson_can_be_edited_during_an_upload(teacher: Page, campus: Campus, lecture: Path) -> None:
    cdp = await start_slow_upload(teacher, campus, lecture)
    await teacher.get_by_label("Title").fill("Sorting networks")
    await teacher.get_by_role("button", name="Save").click()
    await expect(teacher.get_by_role("heading", level=1)).to_have_text("Sorting networks")
    await teacher.get_by_role("button", name="Publish").click()
    await expect(teacher.get_by_role("button", name="Back to draft")).to_be_visible()
    await set_upload_rate(cdp, -1)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}


async def test_upload_continues_after_signing_in_again(teacher: Page, campus: Campus, lecture: Path) -> None:
    cdp = await start_slow_upload(teacher, campus, lecture)
    await teacher.get_by_role("button", name="Pause").click()
    cookies = await teacher.context.cookies()
    await teacher.context.clear_cookies()
    await teacher.get_by_role("button", name="Resume").click()
    await expect(teacher.get_by_role("region", name="Video").get_by_role("alert")).to_contain_text(
        "You are signed out."
    )
    await teacher.context.add_cookies(cookies)  # type: ignore[arg-type]
    await set_upload_rate(cdp, -1)
    await teacher.get_by_role("button", name="Resume").click()
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert await count(campus, Upload) == 1
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}


async def test_upload_continues_after_network_loss(teacher: Page, campus: Campus, lecture: Path) -> None:
    cdp = await start_slow_upload(teacher, campus, lecture)
    await teacher.context.set_offline(True)
    await expect(teacher.locator("[data-line]")).to_contain_text("The connection was lost")
    await teacher.context.set_offline(False)
    await set_upload_rate(cdp, -1)
    await expect(teacher.get_by_text("Waiting for a free encoder").first).to_be_visible()
    assert await count(campus, Upload) == 1
    assert await stored_digests(campus) == {lecture.name: digest(lecture)}
