"""What goes on between a page that takes lectures and the server, and how fast."""

import hashlib
from pathlib import Path

from playwright.async_api import CDPSession, Dialog, Page
from sqlalchemy import func, select

from storage.database.tables import Upload, Video
from tests.fixtures.uploads import Campus, eventually

SIZE = 6_000_000
SLOW = 1_500_000  # bytes a second
INPUT = ".lesson-drop input[type=file]"


async def leave(dialog: Dialog) -> None:
    """The answer to whether the page may be left while it sends a file."""
    await dialog.accept()


async def stay(dialog: Dialog) -> None:
    await dialog.dismiss()


def course_url(campus: Campus) -> str:
    return f"{campus.server.url}/teach/courses/{campus.school.course_id}"


def lesson_url(campus: Campus) -> str:
    return f"{course_url(campus)}/lessons/{campus.school.lesson_id}"


async def slowly(page: Page, bytes_a_second: int) -> CDPSession:
    line = await page.context.new_cdp_session(page)
    await line.send("Network.enable")
    await at_speed(line, bytes_a_second)
    return line


async def at_speed(line: CDPSession, bytes_a_second: int) -> None:
    await line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second},
    )


def arrived(campus: Campus) -> int:
    return sum(path.stat().st_size for path in (campus.data / "uploads").glob("*.part"))


async def begun(page: Page, campus: Campus, file: Path) -> CDPSession:
    """The lesson's page, with the file on its way and not so fast that it is through at once."""
    await page.goto(lesson_url(campus))
    line = await slowly(page, SLOW)
    await page.set_input_files(INPUT, file)
    await eventually(lambda: arrived(campus) > 0)
    return line


async def stored(campus: Campus) -> dict[str, str]:
    """SHA-256 of every stored original, by the name of its file."""
    async with campus.school.database.read() as session:
        rows = list(await session.scalars(select(Upload).where(Upload.state == "stored")))
    root = campus.data / "objects"
    return {row.filename: hashlib.sha256((root / row.s3_key).read_bytes()).hexdigest() for row in rows}


async def count(campus: Campus, table: type[Upload] | type[Video]) -> int:
    async with campus.school.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
