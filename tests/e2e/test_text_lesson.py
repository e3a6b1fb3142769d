"""A text lesson in the browser: written with preview and pictures, given attachments, read and completed."""

import base64
import re
import struct
import zlib
from types import SimpleNamespace

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.server_process import Campus
from tests.world.builder import World

pytestmark = pytest.mark.e2e

HEBREW = "אור עובר דרך עדשה."
TEXT = (
    f"# Lenses\n\n{HEBREW}\n\n*Light* bends: $n_1 \\sin a_1$\n\n| glass | n |\n|---|--:|\n| crown | 1.52 |\n"
)
WIDTH = "async (picture) => (await picture.decode(), picture.naturalWidth)"
SPACE_AFTER = """(paragraph) => {
  const range = document.createRange();
  range.selectNodeContents(paragraph);
  return paragraph.getBoundingClientRect().right - range.getBoundingClientRect().right;
}"""
PASTE = """(area, data) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "lens [1].png", { type: "image/png" }));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def png(width: int, height: int) -> bytes:
    """Picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\x00" + b"\x20\x60\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def write(teacher: Page, course: str, shots: Shots) -> None:
    """Make a text lesson with a pasted picture, look at its preview, and save it."""
    await teacher.goto(course)
    await teacher.get_by_label("Or name a lesson").fill("Lenses")
    await teacher.get_by_label("Kind").select_option("text")
    await teacher.get_by_role("button", name="Add lesson").click()
    area = teacher.get_by_label("Text of the lesson")
    await expect(teacher.locator("[data-add-picture]")).to_be_visible()  # once the page's script has run
    await area.fill(TEXT)
    await area.evaluate(PASTE, base64.b64encode(png(600, 300)).decode())
    await expect(area).to_have_value(re.compile(r"1.52 \|\n\n!\[lens  1 \]\(/files/\S+\)\n\n$"))

    await teacher.get_by_role("button", name="Preview").click()
    preview = teacher.locator("#text-preview")
    await expect(preview.get_by_role("heading", name="Lenses")).to_be_visible()
    await expect(preview.get_by_text("$n_1 \\sin a_1$")).to_be_visible()
    assert await preview.locator("img").evaluate(WIDTH) == 600
    await shots.take(teacher, "text-editor")
    await teacher.get_by_role("button", name="Save").first.click()
    await expect(teacher.get_by_text("Saved.")).to_be_visible()
    await expect(teacher.get_by_text("Preview, not saved yet")).to_be_hidden()


async def attach(teacher: Page) -> None:
    """Add two attachments, and try a program."""
    files: list[FilePayload] = [
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"},
        {"name": "Übung 1.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"},
    ]
    await teacher.get_by_label("Add a file for download").set_input_files(files)
    await teacher.locator("#attachments").get_by_role("button", name="Upload").click()
    await expect(teacher.get_by_role("link", name="Übung 1.pdf")).to_be_visible()
    bad: FilePayload = {"name": "setup.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00\x03\x00"}
    await teacher.get_by_label("Add a file for download").set_input_files([bad])
    await teacher.locator("#attachments").get_by_role("button", name="Upload").click()
    await expect(teacher.get_by_text("This file is a program.")).to_be_visible()


@pytest.mark.long
async def test_written_read_and_completed(
    browser: Browser, teacher: Page, campus: Campus, shots: Shots
) -> None:
    people = {name: SimpleNamespace(id=user_id) for name, user_id in campus.school.users.items()}
    world = World(campus.school.database)
    course = await world.course("Optics", instructors=[people["teacher"]], learners=[people["learner"]])
    here = f"{campus.server.url}/teach/courses/{course.id}"
    await write(teacher, here, shots)
    await attach(teacher)
    await teacher.locator("#lesson-head").get_by_role("button", name="Publish").click()
    await expect(teacher.get_by_text("is published")).to_be_visible()

    context = await browser.new_context()
    await signed_in(context, campus, "learner")
    page = await context.new_page()
    await page.goto(f"{campus.server.url}/dashboard/courses/{course.id}")
    await page.get_by_role("link", name="Start learning").click()
    await expect(page.get_by_role("heading", name="Lenses", level=2)).to_be_visible()
    await shots.take(page, "text-lesson")
    assert await page.get_by_text(HEBREW).evaluate(SPACE_AFTER) < 1  # px
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Übung 1.pdf").click()
    download = await downloading.value
    assert download.suggested_filename == "Übung 1.pdf"
    assert (await download.path()).read_bytes() == b"%PDF-1.7\n"
    await page.get_by_role("button", name="Mark as read").click()
    await expect(page.get_by_text("Lesson completed")).to_be_visible()
    await expect(page.locator("#outline").get_by_text("Completed")).to_be_attached()
    await context.close()
