"""Cold start of the player: `python -m benchmarks cold_start`, a lesson's page over a slow mobile network.

The whole product runs with a finished lecture of two minutes. A browser with an empty cache opens the lesson
at 700 kbit/s and 80 ms (Chromium's own throttling), and presses Play as soon as the player answers. Measured
from the start of the navigation until the first frame is presented. Goal: at most 6 s, the median of five.
"""

import asyncio
import json
import re
import statistics
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, StorageState, async_playwright

from benchmarks import footage
from tests.e2e import site
from tests.fixtures.browser import FLAGS
from tests.fixtures.chromium import chromium
from tests.fixtures.product import Product
from transcoder.ffmpeg.tools import find_tools

ROUNDS = 5
SECONDS = 120  # duration of the lecture
DEADLINE_MS = 120_000
ENCODED_WITHIN = 600  # seconds
EMAIL = "ada@example.org"
NETWORK = {
    "offline": False,
    "latency": 80,  # ms
    "downloadThroughput": 700_000 / 8,  # bytes a second
    "uploadThroughput": 700_000 / 8,
}
# Presses Play as soon as the player is ready for it; times in ms since the beginning of the navigation.
PLAY = """() => {
  const timer = setInterval(() => {
    const video = document.querySelector("hls-video");
    if (!video?.api || !customElements.get("media-play-button")) return;
    clearInterval(timer);
    window.pressed = performance.now();
    video.nativeEl.requestVideoFrameCallback((now) => { window.shown = now; });
    document.querySelector("media-play-button").click();
  }, 20);
}"""


class Start(NamedTuple):
    pressed: float  # seconds until Play could be pressed
    shown: float  # seconds until the first frame
    requests: int  # before the first frame
    kilobytes: float


def main() -> None:
    starts = asyncio.run(_measure())
    print(f"{'':>14}{'median':>9}{'worst':>9}")
    for name in Start._fields:
        values = [float(getattr(start, name)) for start in starts]
        print(f"{name:>14}{statistics.median(values):>9.2f}{max(values):>9.2f}")


async def _measure() -> list[Start]:
    with tempfile.TemporaryDirectory(prefix="cold-start-") as folder:
        product = Product(Path(folder))
        await asyncio.to_thread(product.start)
        try:
            lesson_id = await asyncio.to_thread(_ingest, product)
            return await _rounds(product, lesson_id)
        finally:
            await asyncio.to_thread(product.stop)


def _ingest(product: Product) -> str:
    """Id of the lesson, when its lecture is ready."""
    person = ["users", "add", EMAIL, "--role", "administrator", "--name", "Ada", "--password-stdin"]
    lecture = footage.lecture(find_tools(), SECONDS)
    _run(product, person, site.PASSWORD)
    printed = _run(product, ["ingest", str(lecture), "--course", "Optics", "--json"])
    lesson = re.search(r'"lesson_id":\s*"(\w+)"', printed)
    if lesson is None:
        raise RuntimeError("the ingest named no lesson")
    return lesson[1]


def _run(product: Product, arguments: list[str], text: str = "") -> str:
    done = product.command(*arguments, text=text, seconds=ENCODED_WITHIN)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


async def _rounds(product: Product, lesson_id: str) -> list[Start]:
    found = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found.program, args=FLAGS)
        context = await browser.new_context()
        page = await context.new_page()
        await site.sign_in(page, product.url, EMAIL)
        lesson = json.loads(await (await page.request.get(f"{product.url}/api/lessons/{lesson_id}")).text())
        address = f"{product.url}/dashboard/courses/{lesson['course_id']}/lessons/{lesson_id}"
        state = await context.storage_state()
        starts = [await _start(browser, state, address) for _ in range(ROUNDS)]
        await browser.close()
    return starts


async def _start(browser: Browser, state: StorageState, address: str) -> Start:
    """One visit in a context of its own, whose cache is empty."""
    context = await browser.new_context(storage_state=state, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    received: list[float] = []
    cdp = await context.new_cdp_session(page)

    def count(event: dict[str, Any]) -> None:
        received.append(event["encodedDataLength"])

    cdp.on("Network.loadingFinished", count)
    await cdp.send("Network.enable")
    await cdp.send("Network.emulateNetworkConditions", NETWORK)
    await page.add_init_script(f"({PLAY})()")
    await page.goto(address, wait_until="commit", timeout=DEADLINE_MS)
    await page.wait_for_function("() => window.shown", timeout=DEADLINE_MS)
    pressed, shown = await page.evaluate("[window.pressed, window.shown]")
    start = Start(pressed / 1000, shown / 1000, len(received), sum(received) / 1000)
    await context.close()
    return start
