"""Every link that a page shows opens, with its query: tabs, filters, orders, pages of lists, files."""

import re
from collections import deque
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from tests.fixtures.web import Account
from tests.integration.pages.every.test_every_page import PAGES, address
from tests.integration.pages.markup import Page
from tests.world.scenes import Academy

IDS = re.compile(r"[0-9a-f]{32}")
NUMBERS = re.compile(r"\d+")
WITHOUT_OBJECTS = "/files/"  # rows of the scene only
MOST = 1500  # requests of one person: more of them are alike


def traits(link: str) -> set[tuple[str, ...]]:
    """What a link is tried for: its page, and each field of its query with its value; numbers alike."""
    parts = urlsplit(link)
    page = IDS.sub("id", parts.path)
    fields = {(page, name, NUMBERS.sub("0", IDS.sub("id", value))) for name, value in parse_qsl(parts.query)}
    return {(page,), *fields}


async def crawl(account: Account, begin: list[str]) -> tuple[int, dict[str, str]]:
    """Pages asked for, and answers that are neither the page nor a redirection, with the page of the link."""
    waiting = deque((link, "") for link in begin)
    seen = set[tuple[str, ...]]().union(*map(traits, begin))
    asked, failures = 0, dict[str, str]()
    while waiting:
        link, shown_on = waiting.popleft()
        asked += 1
        assert asked < MOST
        answer = await account.browser.get(link)
        if answer.status_code >= 400:
            failures[link] = f"{answer.status_code} of a link on {shown_on or 'the list of pages'}"
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for anchor in Page(answer.text).all("a"):
            target = urljoin(link, anchor.attributes.get("href", "")).partition("#")[0]
            if target.startswith("/") and not target.startswith(WITHOUT_OBJECTS) and traits(target) - seen:
                seen |= traits(target)
                waiting.append((target, link))
    return asked, failures


@pytest.mark.long
@pytest.mark.parametrize("role", ["learner", "teacher", "administrator"])
async def test_every_link_opens(
    academy: Academy, made: dict[str, str], people: dict[str, Account], role: str
) -> None:
    begin = [address(pattern, academy, made) for pattern, roles in PAGES.items() if role in roles.split()]
    asked, failures = await crawl(people[role], begin)
    assert failures == {}
    assert asked > len(begin)
