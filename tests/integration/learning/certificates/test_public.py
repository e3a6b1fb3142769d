"""Public page of a certificate: exactly its facts, for anybody, and revocation."""

import re

import httpx
import pytest
from sqlalchemy import select

from server.accounts import rules as account_rules
from storage.database.engine import Database
from storage.database.tables import Certificate, Course, LearningEvent
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount, MakeClient
from tests.integration.pages.every.test_every_page import OUTSIDE, policy_faults
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World

NOBODY = "CCCCC-DDDDD-FFFFF-GGGGG"
REASON = "Watched by somebody else."


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner])


@pytest.fixture
async def certificate(world: World, course: Course, learner: Account) -> Certificate:
    return await world.certificate(course, learner)


@pytest.fixture
async def path(certificate: Certificate) -> str:
    return "/certificates/" + "-".join(re.findall(".{5}", certificate.code))


@pytest.fixture
async def anonymous(make_client: MakeClient) -> httpx.AsyncClient:
    return await make_client(headers={"Accept": "text/html"})


async def test_anybody_sees_its_facts_and_nothing_else(
    path: str, certificate: Certificate, learner: Account, anonymous: httpx.AsyncClient
) -> None:
    shown = await anonymous.get(path)
    assert shown.status_code == 200
    facts = {e.name for e in Page(shown.text).all("dd", "p", "h1")}
    assert {"Certificate", "Ada Lovelace", "Optics", "November 22, 2026"} <= facts
    assert "Completed: all 2 required lessons" in facts
    for private in (learner.email, learner.id, certificate.id, certificate.course_id, "Revoke"):
        assert private not in shown.text
    known = (await anonymous.get(f"/api{path}")).json()
    assert set(known) == {
        *("code", "path", "name", "institution", "course", "version", "text"),
        *("hours", "day", "lessons", "revoked_at"),
    }


async def test_page_is_not_indexed_not_kept_and_asks_no_other_host(
    path: str, anonymous: httpx.AsyncClient
) -> None:
    shown = await anonymous.get(path)
    assert "noindex" in shown.headers["x-robots-tag"]
    assert '<meta name="robots" content="noindex, nofollow">' in shown.text
    assert shown.headers["cache-control"] == "no-store"  # a revocation is seen at once
    assert (faults(shown.text), OUTSIDE.findall(shown.text)) == ([], [])
    assert list(policy_faults(shown.headers["content-security-policy"], player=False)) == []
    assert f"http://localhost:8000{path}" in shown.text
    assert Page(shown.text).all("svg")[-1].attributes["viewbox"].startswith("0 0 ")


async def test_code_is_read_in_any_spelling(path: str, anonymous: httpx.AsyncClient) -> None:
    code = path.rpartition("/")[2]
    for typed in (code.lower(), code.replace("-", ""), code.replace("-", " ")):
        assert (await anonymous.get(f"/certificates/{typed}")).status_code == 200


@on_both_databases
async def test_wrong_codes_are_limited_by_network_and_right_ones_are_not(
    path: str, anonymous: httpx.AsyncClient, make_client: MakeClient, held_clock: HeldClock
) -> None:
    for _ in range(account_rules.FAILURES_PER_NETWORK + 5):
        assert (await anonymous.get(path)).status_code == 200
    for number in range(account_rules.FAILURES_PER_NETWORK):
        missed = await anonymous.get(f"/certificates/{NOBODY}" if number % 2 else "/certificates/none")
        assert missed.status_code == 404
    assert (await anonymous.get(f"/api/certificates/{NOBODY}")).status_code == 429
    assert (await anonymous.get(path)).status_code == 429  # a guess that hits tells nothing either
    elsewhere = await make_client(headers={"Accept": "text/html"}, address="192.0.2.8")
    assert (await elsewhere.get(path)).status_code == 200
    held_clock.advance(minutes=16)
    assert (await anonymous.get(path)).status_code == 200


@on_both_databases
async def test_revoked_certificate_says_so_for_good(
    path: str,
    certificate: Certificate,
    instructor: Account,
    learner: Account,
    anonymous: httpx.AsyncClient,
    database: Database,
    held_clock: HeldClock,
) -> None:
    asked = await instructor.browser.get(f"{path}/revoke")
    assert faults(asked.text) == []
    empty = await instructor.browser.post(f"{path}/revoke", data={"reason": " "})
    assert (empty.status_code, "Write the reason" in empty.text) == (422, True)
    first = held_clock.now()
    done = await instructor.browser.post(f"{path}/revoke", data={"reason": REASON})
    assert (done.status_code, done.headers["location"]) == (303, path)
    held_clock.advance(hours=1)
    again = await instructor.api.post(f"/api{path}/revoke", json={"reason": "Another reason."})
    assert again.json()["revoked_at"] == first.isoformat().replace("+00:00", "Z")
    shown = (await anonymous.get(path)).text
    assert ("This certificate was revoked" in shown, "Revoked on" in shown) == (True, True)
    assert ("genuine and valid" in shown, REASON in shown) == (False, False)
    for account in (learner, instructor):
        assert REASON in (await account.browser.get(path)).text
    assert (await learner.api.get("/api/me/certificates")).json()[0]["revocation_reason"] == REASON
    async with database.read() as session:
        revoked = select(LearningEvent).where(LearningEvent.kind == FactKind.CERTIFICATE_REVOKED)
        (fact,) = await session.scalars(revoked)
    assert (fact.subject, fact.user_id, fact.actor_id) == (certificate.id, learner.id, instructor.id)
    assert (await instructor.browser.get(f"/teach/courses/{certificate.course_id}/certificates")).text.count(
        REASON
    ) == 1


async def test_only_its_staff_and_administrators_may_revoke(
    path: str,
    course: Course,
    instructor: Account,
    learner: Account,
    administrator: Account,
    make_account: MakeAccount,
) -> None:
    other = await make_account("instructor", "other@example.edu", "Lise Meitner")
    for account in (learner, other):
        assert (await account.api.post(f"/api{path}/revoke", json={"reason": REASON})).status_code == 403
        assert "/revoke" not in (await account.browser.get(path)).text
    unknown = await instructor.api.post(f"/api/certificates/{NOBODY}/revoke", json={"reason": REASON})
    assert unknown.status_code == 404
    await instructor.api.delete(f"/api/courses/{course.id}")
    assert (await instructor.api.post(f"/api{path}/revoke", json={"reason": REASON})).status_code == 403
    assert (await administrator.api.post(f"/api{path}/revoke", json={"reason": REASON})).status_code == 200


async def test_learner_finds_it_on_their_pages(path: str, course: Course, learner: Account) -> None:
    listed = (await learner.browser.get("/dashboard/certificates")).text
    assert (f'href="{path}"' in listed, faults(listed)) == (True, [])
    assert f'href="{path}"' in (await learner.browser.get(f"/dashboard/courses/{course.id}")).text
    assert "Print command" in (await learner.browser.get(path)).text


async def test_instructors_page_of_certificates_has_valid_markup(
    path: str, course: Course, instructor: Account
) -> None:
    shown = (await instructor.browser.get(f"/teach/courses/{course.id}/certificates")).text
    assert (faults(shown), f'href="{path}/revoke"' in shown) == ([], True)
