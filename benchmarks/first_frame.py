"""Time to first frame: `python -m benchmarks first_frame`, from the end of an upload to a learner's browser.

The whole product runs: `skillstudio up`, a tus upload, and a browser on the lesson's page, where the player
waits. Measured from the response to the last byte until the browser has presented the first frame. Goal: at
most 5 s, the same for 2, 10 and 60 minutes.
"""

import asyncio
import base64
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, async_playwright

from benchmarks import footage
from server.core.clock import SystemClock
from tests.fixtures.browser import FLAGS
from tests.fixtures.chromium import chromium
from tests.fixtures.product import Product
from transcoder.ffmpeg.tools import Tools, find_tools

MINUTES = (2, 10, 60)
ROUNDS = 5
PART_BYTES = 64 * 2**20  # bytes for each request
LAST_BYTES = 64 * 1024  # bytes sent only when the player is waiting
EMAIL, PASSWORD = "ada@example.org", "a sentence that nobody guesses"
FIRST_FRAME = """() => new Promise(seen => {
  const video = document.querySelector("hls-video");
  const frame = () => video.nativeEl.requestVideoFrameCallback(() => seen(Date.now() / 1000));
  video.addEventListener("loadstart", () => { frame(); video.play(); }, { once: true });
})"""


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    tools = find_tools()
    with tempfile.TemporaryDirectory(prefix="first-frame-") as folder:
        lectures = {minutes: _lecture(tools, minutes, Path(folder)) for minutes in MINUTES}
        product = Product(Path(folder))
        await asyncio.to_thread(product.start)
        try:
            rows = await _measure(product, lectures)
        finally:
            await asyncio.to_thread(product.stop)
    print(f"{'minutes':>8}{'megabytes':>11}{'median':>9}{'worst':>9}")
    for minutes, seconds in rows.items():
        size = lectures[minutes][1] / 1e6
        print(f"{minutes:>8}{size:>11.0f}{statistics.median(seconds):>8.2f}s{max(seconds):>8.2f}s")


async def _measure(product: Product, lectures: dict[int, tuple[Path, int]]) -> dict[int, list[float]]:
    api = await asyncio.to_thread(_sign_up, product)
    found = chromium()
    rows: dict[int, list[float]] = {minutes: [] for minutes in lectures}
    async with async_playwright() as playwright, api:
        browser = await playwright.chromium.launch(executable_path=found.program, args=FLAGS)
        page = await _signed_in(browser, product.url)
        for _ in range(ROUNDS):  # interleaved, so that a slow phase of the machine affects all lengths
            for minutes, (file, size) in lectures.items():
                rows[minutes].append(await _time_to_first_frame(api, page, product.url, file, size))
        await browser.close()
    return rows


def _lecture(tools: Tools, minutes: int, folder: Path) -> tuple[Path, int]:
    """The two-minute lecture repeated by stream copy; returns the file and its size in bytes."""
    file = folder / f"{minutes}.mp4"
    short = footage.lecture(tools, 120)
    options = ["-stream_loop", str(minutes // 2 - 1), "-i", str(short), "-c", "copy", str(file)]
    subprocess.run([str(tools.ffmpeg), "-v", "error", *options], check=True)
    return file, file.stat().st_size


def _sign_up(product: Product) -> httpx.AsyncClient:
    person = ["users", "add", EMAIL, "--role", "administrator", "--name", "Ada", "--password-stdin"]
    for command in (person, ["users", "token", EMAIL]):
        done = product.command(*command, text=PASSWORD)
        if done.returncode:
            raise RuntimeError(done.stderr)
    token = done.stdout.split()[-1]
    return httpx.AsyncClient(base_url=product.url, headers={"authorization": f"Bearer {token}"}, timeout=60)


async def _signed_in(browser: Browser, url: str) -> Page:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{url}/sign-in")
    await page.get_by_label("Email address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda address: "/sign-in" not in address)
    return page


async def _time_to_first_frame(api: httpx.AsyncClient, page: Page, url: str, file: Path, size: int) -> float:
    course = (await _post_json(api, "/api/courses", {"title": "Optics"}))["id"]
    lesson = (await _post_json(api, f"/api/courses/{course}/lessons", {"title": "Lenses"}))["id"]
    metadata = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}"
        for name, value in {"lesson_id": lesson, "filename": file.name, "filetype": "video/mp4"}.items()
    )
    made = await api.post(
        "/api/video/upload/tus",
        headers={"tus-resumable": "1.0.0", "upload-length": str(size), "upload-metadata": metadata},
    )
    made.raise_for_status()
    address = made.headers["location"]
    with file.open("rb") as source:
        offset = 0
        while offset < size - LAST_BYTES:
            part = source.read(min(PART_BYTES, size - LAST_BYTES - offset))
            offset = await _send(api, address, part, offset)
        await page.goto(f"{url}/dashboard/courses/{course}/lessons/{lesson}")
        await page.wait_for_selector("[data-lecture-player][data-state=waiting]")
        frame = asyncio.create_task(page.evaluate(FIRST_FRAME))
        await asyncio.sleep(1)
        await _send(api, address, source.read(), offset)
    ended = SystemClock().now().timestamp()
    seconds = float(await asyncio.wait_for(frame, 60)) - ended
    await page.goto("about:blank")
    await _cancel(api, lesson)
    return seconds


async def _send(api: httpx.AsyncClient, address: str, data: bytes, offset: int) -> int:
    headers = {
        "tus-resumable": "1.0.0",
        "upload-offset": str(offset),
        "content-type": "application/offset+octet-stream",
    }
    answer = await api.patch(address, content=data, headers=headers)
    answer.raise_for_status()
    return offset + len(data)


async def _cancel(api: httpx.AsyncClient, lesson: str) -> None:
    """Cancels the remaining encoding, so that it does not slow down the next measurement."""
    (await api.post("/api/video/transcode/cancel", json={"lesson_id": lesson})).raise_for_status()
    await asyncio.sleep(5)


async def _post_json(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post(path, json=body)
    answer.raise_for_status()
    made: dict[str, Any] = json.loads(answer.text)
    return made
