"""Every page in every role: access, valid markup, no resources of other hosts, and axe in Chromium."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Literal

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from playwright.async_api import Browser, ViewportSize

from server.core.web.cookies import cookie_name
from tests.fixtures.axe import violations
from tests.fixtures.nginx import free_port
from tests.fixtures.waiting import wait_until
from tests.fixtures.web import Account, MakeClient
from tests.integration.pages.markup import Page, faults
from tests.world.scenes import Academy

# Path -> roles that get 200. Others get 403 or 404; anonymous requests are redirected to sign in.
LEARNING, TEACHING, ADMINISTRATION = "learner teacher administrator", "teacher administrator", "administrator"
EVERYBODY = "learner stranger teacher administrator"
PAGES = {
    "/dashboard": EVERYBODY,
    "/dashboard/certificates": EVERYBODY,
    "/dashboard/achievements": EVERYBODY,
    "/dashboard/people/{learner}": LEARNING,
    "/dashboard/streak": EVERYBODY,
    "/dashboard/xp": EVERYBODY,
    "/dashboard/teams": EVERYBODY,
    "/dashboard/courses": EVERYBODY,
    "/dashboard/leaderboard": EVERYBODY,
    "/join": EVERYBODY,
    "/account": EVERYBODY,
    "/sign-out": EVERYBODY,
    "/dashboard/courses/{course}": LEARNING,
    "/dashboard/courses/{course}/lessons/{ready}": LEARNING,
    "/dashboard/courses/{course}/lessons/{encoding}": LEARNING,
    "/dashboard/courses/{course}/lessons/{failed}": LEARNING,
    "/dashboard/courses/{course}/lessons/{draft}": TEACHING,
    "/dashboard/courses/{course}/lessons/{text}": LEARNING,
    "/dashboard/courses/{course}/leave": "learner",
    "/dashboard/courses/{course}/lessons/{ready}/posts": LEARNING,
    "/dashboard/courses/{course}/reviews": LEARNING,
    "/teach": TEACHING,
    "/teach/analytics": TEACHING,
    "/teach/courses/{course}/certificates": TEACHING,
    "/teach/courses/{course}/enrolling": TEACHING,
    "/teach/courses/{course}/enrolling/list": TEACHING,
    "/teach/courses/{course}": TEACHING,
    "/teach/courses/{course}/people": TEACHING,
    "/teach/courses/{course}/settings": TEACHING,
    "/teach/courses/{course}/posts": TEACHING,
    "/teach/courses/{course}/progress": TEACHING,
    "/teach/courses/{course}/progress/{learner}": TEACHING,
    "/teach/courses/{course}/analytics": TEACHING,
    "/teach/courses/{course}/delete": TEACHING,
    "/teach/courses/{course}/lessons/{ready}": TEACHING,
    "/teach/courses/{course}/lessons/{encoding}": TEACHING,
    "/teach/courses/{course}/lessons/{failed}": TEACHING,
    "/teach/courses/{course}/lessons/{draft}": TEACHING,
    "/teach/courses/{course}/lessons/{text}": TEACHING,
    "/teach/courses/{course}/lessons/{text}/delete": TEACHING,
    "/teach/courses/{course}/lessons/{ready}/delete": TEACHING,
    "/dashboard/courses/{course}/lessons/{quiz}": LEARNING,
    "/teach/courses/{course}/lessons/{quiz}": TEACHING,
    "/teach/courses/{course}/lessons/{quiz}/quiz": TEACHING,
    "/teach/courses/{course}/lessons/{quiz}/quiz/questions/new": TEACHING,
    "/teach/courses/{course}/lessons/{quiz}/quiz/questions/multiple": TEACHING,
    "/admin": ADMINISTRATION,
    "/admin/people": ADMINISTRATION,
    "/admin/boards": ADMINISTRATION,
    "/admin/maintenance": ADMINISTRATION,
    "/admin/institution": ADMINISTRATION,
    "/admin/teams": ADMINISTRATION,
    "/admin/teams/{team}": ADMINISTRATION,
    "/admin/teams/{team}/list": ADMINISTRATION,
    "/admin/challenges": ADMINISTRATION,
    "/admin/challenges/new": ADMINISTRATION,
    "/admin/challenges/{planned}": ADMINISTRATION,
    "/admin/challenges/{running}": ADMINISTRATION,
    "/admin/analytics": ADMINISTRATION,
    "/admin/analytics/courses/{course}": ADMINISTRATION,
    "/admin/analytics/instructors/{teacher}": ADMINISTRATION,
    "/admin/analytics/metrics/active_people": ADMINISTRATION,
    "/admin/analytics/metrics/revenue": ADMINISTRATION,
    "/admin/analytics/system": ADMINISTRATION,
    "/admin/payments": ADMINISTRATION,
    "/admin/payments/new": ADMINISTRATION,
    "/admin/payments/recurring": ADMINISTRATION,
    "/admin/payments/import": ADMINISTRATION,
    "/admin/payments/{one_off}": ADMINISTRATION,
    "/admin/payments/{recurring}": ADMINISTRATION,
    "/admin/originals": ADMINISTRATION,
    "/admin/people/{learner}": ADMINISTRATION,
    "/admin/people/{learner}/erase": ADMINISTRATION,
    "/admin/audit": ADMINISTRATION,
    "/admin/retention": ADMINISTRATION,
    "/admin/rules": ADMINISTRATION,
    "/admin/rules/changes/{change}": ADMINISTRATION,
    "/admin/achievements": ADMINISTRATION,
    "/admin/achievements/new": ADMINISTRATION,
    "/admin/achievements/first_steps": ADMINISTRATION,
    "/admin/calendar": ADMINISTRATION,
}
WITH_PLAYER = "/dashboard/courses/{course}/lessons/"  # media-chrome has inline styles in its elements
ANONYMOUS = ("/sign-in", "/nothing/here", "/setup/wrong")
LOOKS: tuple[tuple[Literal["light", "dark"], ViewportSize], ...] = (
    ("light", {"width": 1280, "height": 800}),
    ("dark", {"width": 390, "height": 844}),
)
OUTSIDE = re.compile(r"""(?:src|href|action|poster)="(?:https?:)?//[^"]+""")  # an address with a host


def address(pattern: str, academy: Academy, made: dict[str, str]) -> str:
    ready, encoding, failed, _, draft, quiz = academy.lesson_ids
    return pattern.format(
        course=academy.course_id,
        ready=ready,
        encoding=encoding,
        failed=failed,
        draft=draft,
        quiz=quiz,
        learner=academy.learner.id,
        teacher=academy.teacher.id,
        **made,
    )


async def test_every_page_in_every_role(
    academy: Academy, made: dict[str, str], people: dict[str, Account]
) -> None:
    failures: dict[str, list[str]] = {}
    for pattern, roles in PAGES.items():
        for role, account in people.items():
            answer = await account.browser.get(address(pattern, academy, made))
            allowed = role in roles.split()
            player = (
                allowed
                and pattern.startswith(WITH_PLAYER)
                and not any(kind in pattern for kind in ("{text}", "{quiz}"))
                and not pattern.endswith("/posts")
            )
            if found := list(faults_of(answer, allowed=allowed, player=player)):
                failures[f"{pattern} as {role}"] = found
    assert failures == {}


def faults_of(answer: httpx.Response, *, allowed: bool, player: bool) -> Iterator[str]:
    if not (answer.status_code == 200 if allowed else answer.status_code in (403, 404)):
        yield f"answered {answer.status_code}"
    if answer.headers["cache-control"] != "no-store":
        yield "may be cached, though it is personal"
    yield from faults(answer.text)
    yield from OUTSIDE.findall(answer.text)
    yield from policy_faults(answer.headers["content-security-policy"], player=player)


async def test_anonymous_request_is_redirected_to_sign_in(
    academy: Academy, made: dict[str, str], make_client: MakeClient
) -> None:
    anonymous = await make_client(headers={"Accept": "text/html"})
    for pattern in PAGES:
        path = address(pattern, academy, made)
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/sign-in?next={path}")


async def test_anonymous_pages_have_valid_markup(make_client: MakeClient) -> None:
    anonymous = await make_client(headers={"Accept": "text/html"})
    for path in ANONYMOUS:
        answer = await anonymous.get(path)
        assert faults(answer.text) == [], path
        assert OUTSIDE.findall(answer.text) == []
        assert list(policy_faults(answer.headers["content-security-policy"], player=False)) == []


async def test_every_form_works_without_javascript(
    academy: Academy, made: dict[str, str], people: dict[str, Account], make_client: MakeClient
) -> None:
    """The action accepts POST, htmx uses the same action, and another site is refused."""
    elsewhere = await make_client(headers={"Sec-Fetch-Site": "cross-site", "Accept": "text/html"})
    failures = set()
    for pattern, roles in PAGES.items():
        for role in roles.split():
            browser, here = people[role].browser, address(pattern, academy, made)
            for form in Page((await browser.get(here)).text).all("form"):
                action = form.attributes.get("action") or here
                method = form.attributes.get("method", "get").upper()
                known = method == "GET" or (await elsewhere.post(action)).status_code == 403
                if not known or form.attributes.get("hx-post", action) != action:
                    failures.add(f"{method} {action} on {pattern}")
    assert failures == set()


def policy_faults(policy: str, *, player: bool) -> Iterator[str]:
    """Deviations from a policy that allows no inline code."""
    rules = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    wanted = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'" if player else "'self'",
        "frame-ancestors": "'none'",
    }
    yield from (f"{name} is {rules.get(name)}" for name, rule in wanted.items() if rules.get(name) != rule)


@pytest.fixture
async def served(app: Litestar) -> AsyncIterator[str]:
    """Address of the application of this process, as the product's server answers it."""
    port = free_port()
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False)
    serving = asyncio.ensure_future(server.serve())
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url) as client:

        async def answers() -> bool:
            try:
                return (await client.get("/health/live")).is_success
            except httpx.TransportError:
                return False

        await wait_until(answers)
    yield url
    server.stop()  # type: ignore[no-untyped-call]
    await serving


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=["light-1280", "dark-390"])
async def test_axe_finds_nothing_serious_on_any_page(
    academy: Academy,
    made: dict[str, str],
    people: dict[str, Account],
    served: str,
    browser: Browser,
    scheme: Literal["light", "dark"],
    size: ViewportSize,
) -> None:
    """Each page as the least of the people who may see it."""
    pages = [(path, "nobody") for path in ANONYMOUS]
    pages += [(address(path, academy, made), roles.split()[0]) for path, roles in PAGES.items()]
    pages.sort(key=lambda page: page[1])
    found: dict[str, list[str]] = defaultdict(list)
    context = await browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = await context.new_page()
    for path, role in pages:
        await context.clear_cookies()
        if role != "nobody":
            secret = people[role].secret
            await context.add_cookies([{"name": cookie_name(served), "value": secret, "url": served}])
        await page.goto(served + path)
        for violation in await violations(page):
            found[violation].append(f"{path} as {role}")
    assert not found, "\n".join(f"{violation}\n  on {', '.join(where)}" for violation, where in found.items())
