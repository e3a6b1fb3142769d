"""Analytics in a browser: in four looks, printed, by keyboard, and while something happens."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.axe import violations
from tests.fixtures.server_process import Campus
from tests.world import busy

pytestmark = pytest.mark.e2e


async def check(page: Page, shots: Shots, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await violations(page) == []
    await shots.take(page, name)


async def test_analytics(page: Page, campus: Campus, shots: Shots) -> None:
    course_ids = await busy.fill(campus.world, people=150)
    await signed_in(page.context, campus, "administrator")
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    await page.goto(campus.server.url + "/admin")
    await page.get_by_role("link", name="Analytics").click()
    await page.get_by_role("link", name="90 days").click()
    await check(page, shots, "analytics")
    for summary in await page.locator("details.behind > summary").all():
        await summary.press("Enter")
    await check(page, shots, "analytics-tables")
    await page.locator(".figure-card", has_text="Active people").first.get_by_role("link").first.click()
    await expect(page.get_by_text("Distinct people who watched ten seconds")).to_be_visible()
    await check(page, shots, "analytics-metric")
    for name, path in (
        ("analytics-course", f"/admin/analytics/courses/{course_ids[0]}"),
        ("analytics-teach", f"/teach/courses/{course_ids[0]}/analytics"),
    ):
        await page.goto(campus.server.url + path)
        await check(page, shots, name)
    assert hosts == {urlsplit(campus.server.url).netloc}


async def test_printed_page_has_no_controls_and_fits(page: Page, campus: Campus) -> None:
    await busy.fill(campus.world, people=40, days=100)
    await signed_in(page.context, campus, "administrator")
    await page.goto(campus.server.url + "/admin/analytics?range=90")
    await page.set_viewport_size({"width": 690, "height": 1000})  # A4 within its margins
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()
    await expect(page.locator("p.on-paper")).to_be_visible()
    wide = await page.evaluate(
        "[...document.querySelectorAll('main *')].filter(one => one.checkVisibility() &&"
        " one.getBoundingClientRect().right > innerWidth + 1).map(one => one.className)"
    )
    assert wide == []


async def test_figures_of_today_follow_what_happens(page: Page, campus: Campus) -> None:
    await signed_in(page.context, campus, "administrator")
    await page.goto(campus.server.url + "/admin/analytics")
    figure = page.locator("[data-figure=enrolments_new]")
    await expect(figure).to_have_text("0")
    learner = await campus.world.person("Emmy Noether")
    await campus.world.course("Optics", learners=[learner])
    await expect(figure).to_have_text("1", timeout=30_000)
