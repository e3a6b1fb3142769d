"""The demo's university in a browser: what somebody sees who looks around in it for the first time."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from server.core.clock import SystemClock
from server.demo.catalogue.lessons import courses
from server.demo.people.members import DOMAIN
from server.demo.writing.beginning import ADMINISTRATOR
from storage.states import LessonKind
from tests.e2e import site
from tests.e2e.shots import Shots
from tests.fixtures.axe import violations
from tests.fixtures.product import Product

# All of them are long: they come one after the other, in one process, which seeds the demo once.
pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

PEOPLE = 240
SEED_SECONDS = 600
INSTRUCTOR, LEARNER = f"instructor@{DOMAIN}", f"learner@{DOMAIN}"
STUDY = courses()[0]  # its lectures are the sample recordings; the first instructor teaches it
LECTURES = [one for one in STUDY.lessons if one.kind == LessonKind.VIDEO]
COPY = next(one for course in courses()[1:] for one in course.lessons if one.kind == LessonKind.VIDEO)


@pytest.fixture(scope="module")
def university(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Product with a demo that the command has written; its set-up link is not used."""
    product = Product(tmp_path_factory.mktemp("university"), workers=2)
    done = product.command(
        *("demo", "seed", "--people", str(PEOPLE), "--password", site.PASSWORD), seconds=SEED_SECONDS
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert ADMINISTRATOR in done.stdout
    product.start()
    yield product
    product.end()


async def as_(page: Page, product: Product, email: str) -> set[str]:
    """Signs in; hosts that the page asks from now on."""
    hosts = set[str]()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    await site.sign_in(page, product.url, email)
    return hosts


async def look(page: Page, product: Product, shots: Shots, name: str, path: str) -> None:
    """Four pictures, and axe in both colour schemes."""
    await page.goto(product.url + path)
    for scheme in ("dark", "light"):
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        assert await violations(page) == [], f"{name}, {scheme}"
    await shots.take(page, f"demo-{name}")


async def test_pages_of_the_administrator(page: Page, university: Product, shots: Shots) -> None:
    hosts = await as_(page, university, ADMINISTRATOR)
    await look(page, university, shots, "analytics", "/admin/analytics")
    for card in ("New enrolments", "Active people", "Revenue"):
        figure = page.locator(".figure-card", has_text=card).locator(".figure-value").first
        await expect(figure).to_contain_text(re.compile("[1-9]"))
    await expect(page.get_by_text("No difference.")).to_be_visible()
    last = SystemClock().now().date() - timedelta(days=1)
    days = f"range=custom&first={last - timedelta(days=364)}&last={last}"
    await look(page, university, shots, "year", f"/admin/analytics?{days}")
    await expect(page.get_by_text("Choose a first and a last day")).to_have_count(0)
    await look(page, university, shots, "system", "/admin/analytics/system")
    await look(page, university, shots, "people", "/admin/people")
    assert hosts == {urlsplit(university.url).netloc}


async def test_pages_of_an_instructor(page: Page, university: Product, shots: Shots) -> None:
    hosts = await as_(page, university, INSTRUCTOR)
    await look(page, university, shots, "teach", "/teach/analytics")
    await look(page, university, shots, "teach-course", f"/teach/courses/{STUDY.id}/analytics")
    await expect(page.locator(".moment-list li").first).to_be_visible()
    assert hosts == {urlsplit(university.url).netloc}


async def test_pages_of_a_learner(page: Page, university: Product, shots: Shots) -> None:
    hosts = await as_(page, university, LEARNER)
    await look(page, university, shots, "dashboard", "/dashboard")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Leaderboard").click()
    await expect(page.get_by_role("region", name="Your place")).to_be_visible()
    await look(page, university, shots, "leaderboard", urlsplit(page.url).path)
    await page.goto(university.url + "/dashboard")
    await page.locator(".course-tile h2 a").first.click()
    await page.wait_for_url("**/dashboard/courses/*")
    await look(page, university, shots, "course", urlsplit(page.url).path)
    assert hosts == {urlsplit(university.url).netloc}


async def test_recordings_and_their_copies_play(page: Page, university: Product, shots: Shots) -> None:
    await as_(page, university, ADMINISTRATOR)
    for lesson in (*LECTURES, COPY):
        await page.goto(
            f"{university.url}/dashboard/courses/{courses()[lesson.course].id}/lessons/{lesson.id}"
        )
        video = page.locator("video")
        await video.evaluate("video => { video.muted = true; return video.play() }")
        await page.wait_for_function("video => video.currentTime > 1", arg=await video.element_handle())
        assert await video.evaluate("video => video.videoWidth") > 0
    await shots.take(page, "demo-lesson")


async def test_printed_page(page: Page, university: Product, shots: Shots) -> None:
    await as_(page, university, ADMINISTRATOR)
    await page.goto(university.url + "/admin/analytics?range=90")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()
    printed = await page.pdf(format="A4", print_background=True)
    if shots.folder is not None:
        await asyncio.to_thread((shots.folder / "demo-analytics.pdf").write_bytes, printed)
    assert printed.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12


# Every text with a digit that a reader sees as a figure, with the nearest element that may lead to what it
# counts: a link around or beside it, or the heading of its column. Dates, axes and controls are no figures.
FIGURES = """() => {
  const skipped = [
    "form, nav, header, svg, time, .plot-axis, .plot-days, .chart-note, .analytics-foot, [hidden]",
    ".visually-hidden, .on-paper, th, dt, h1, h2, h3, .lights, .definition-list, script, style, .lead",
  ].join();
  const places = ["/admin/analytics/metrics/", "/analytics/system#", "#metric-"];
  const links = places.map((place) => `a[href*="${place}"]`).join();
  const leads = (node) => Boolean(node?.querySelector(links));
  const wrong = [];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!/[0-9]/.test(node.data) || parent.closest(skipped)) continue;
    const cell = parent.closest('td');
    if (cell) {
      const table = cell.closest('table');
      const head = table.tHead.rows[0].cells[cell.cellIndex];
      if (leads(head)) continue;
      wrong.push(`${table.caption.textContent}: ${head.textContent.trim()}: ${node.data.trim()}`);
      continue;
    }
    if (leads(parent.closest('a')?.parentElement) || leads(parent.closest('p, dd, li'))) continue;
    wrong.push(node.data.trim());
  }
  return [...new Set(wrong)];
}"""


@pytest.mark.parametrize(
    ("email", "path"),
    [
        (ADMINISTRATOR, "/admin/analytics"),
        (ADMINISTRATOR, f"/admin/analytics/courses/{STUDY.id}"),
        (INSTRUCTOR, "/teach/analytics"),
    ],
)
async def test_every_figure_leads_to_its_definition(
    page: Page, university: Product, email: str, path: str
) -> None:
    await as_(page, university, email)
    await page.goto(university.url + path)
    await page.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true })")
    wrong: list[str] = await page.evaluate(FIGURES)
    assert wrong == []
    links: list[str] = await page.locator("main a.figure-link").evaluate_all(
        "links => links.map(one => one.href)"
    )
    assert links
    for link in sorted({one.partition("#")[0] for one in links}):
        answer = await page.request.get(link)
        assert answer.status == 200, link
    targets = {one.partition("#")[2] for one in links if "#" in one}
    await page.goto(f"{university.url}/admin/analytics/system" if email == ADMINISTRATOR else page.url)
    for target in targets:
        await expect(page.locator(f"[id='{target}']")).to_have_count(1)
