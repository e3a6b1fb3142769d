"""Tables in a wide window: no word is broken where there is room."""

import pytest
from playwright.async_api import Page

from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import signed_in
from tests.fixtures.server_process import Campus
from tests.world import busy

pytestmark = pytest.mark.e2e

BROKEN = """(selector) => [...document.querySelectorAll(selector)].flatMap((element) => {
  const broken = [], walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  while (walker.nextNode())
    for (const word of walker.currentNode.data.matchAll(/[^\\s@.-]+/g)) {
      const range = document.createRange()
      range.setStart(walker.currentNode, word.index)
      range.setEnd(walker.currentNode, word.index + word[0].length)
      const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top)))
      if (lines.size > 1) broken.push(word[0])
    }
  return broken
})"""


@pytest.mark.parametrize("language", ["en", "de"])
async def test_headings_and_addresses_stay_whole(
    page: Page, campus: Campus, shots: Shots, language: str
) -> None:
    await busy.fill(campus.world, people=60, days=100)
    for name in ("noah.wright", "wilhelmine.von-humboldt"):
        await campus.world.payment(
            email=f"{name}@northfield.example", note="Laboratory fee of the summer term", course_id=""
        )
    await signed_in(page.context, campus, "administrator")
    await page.set_extra_http_headers({"Accept-Language": language})
    await page.set_viewport_size({"width": 1280, "height": 800})
    for path, selector in (
        ("/admin/analytics?range=90", ".analytics-table :is(th, td)"),
        ("/admin/payments", ".payments-table :is(th, td)"),
    ):
        await page.goto(campus.server.url + path)
        assert await page.evaluate(BROKEN, selector) == [], path
        await shots.take(page, f"tables-{path.split('/')[2].split('?')[0]}-{language}")
