"""Helpers for upload tests: throttling, received bytes, stored files."""

import hashlib
from pathlib import Path

from playwright.async_api import CDPSession, Dialog, Page
from sqlalchemy import func, select

from storage.database.tables import Upload, Video
from storage.states import UploadState
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until

SIZE = 6_000_000
SLOW = 1_500_000  # bytes a second
INPUT = ".lesson-drop input[type=file]"


async def accept_dialog(dialog: Dialog) -> None:
    """Confirms leaving the page during an upload."""
    await dialog.accept()


async def dismiss_dialog(dialog: Dialog) -> None:
    await dialog.dismiss()


def course_url(campus: Campus) -> str:
    return f"{campus.server.url}/teach/courses/{campus.school.course_id}"


def lesson_url(campus: Campus) -> str:
    return f"{course_url(campus)}/lessons/{campus.school.lesson_id}"


async def throttle_upload(page: Page, bytes_per_second: int) -> CDPSession:
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Network.enable")
    await set_upload_rate(cdp, bytes_per_second)
    return cdp


async def set_upload_rate(cdp: CDPSession, bytes_per_second: int) -> None:
    await cdp.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second},
    )


def received_bytes(campus: Campus) -> int:
    return sum(path.stat().st_size for path in (campus.data / "uploads").glob("*.part"))


async def start_slow_upload(page: Page, campus: Campus, file: Path) -> CDPSession:
    """Opens the lesson's page and starts a throttled upload, so that it is still running afterwards."""
    await page.goto(lesson_url(campus))
    cdp = await throttle_upload(page, SLOW)
    await page.set_input_files(INPUT, file)
    await wait_until(lambda: received_bytes(campus) > 0)
    return cdp


async def stored_digests(campus: Campus) -> dict[str, str]:
    """SHA-256 of every stored original, by filename."""
    async with campus.school.database.read() as session:
        rows = list(await session.scalars(select(Upload).where(Upload.state == UploadState.STORED)))
    root = campus.data / "objects"
    return {row.filename: hashlib.sha256((root / row.s3_key).read_bytes()).hexdigest() for row in rows}


async def count(campus: Campus, table: type[Upload] | type[Video]) -> int:
    async with campus.school.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
