"""Sign-in: limits, session rotation, expiry, cookies."""

import asyncio

import httpx
import pytest

from server.accounts import rules
from server.accounts.signing_in import devices
from server.core.web.cookies import cookie_name
from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import (
    BASE_URL,
    PASSWORD,
    Account,
    ClientWith,
    HeldClock,
    MakeAccount,
    MakeClient,
)
from tests.world.clock import START

COOKIE = cookie_name(BASE_URL)
WRONG = "The email address or the password is not right."


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"email": email, "password": password})


async def test_sign_in_and_sign_out(client: httpx.AsyncClient, learner: Account) -> None:
    answer = await sign_in(client, "  Learner@Example.EDU ")
    assert answer.status_code == 303
    assert (await client.get(answer.headers["location"])).headers["location"] == "/"
    assert (await client.get("/account")).status_code == 200
    secret = client.cookies[COOKIE]
    assert (await client.post("/sign-out")).status_code == 303
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, secret)
    assert (await client.get("/api/me")).status_code == 401


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/dashboard/courses/1?x=y", "/dashboard/courses/1?x=y"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\nSet-Cookie: a=b", "/"),
    ],
)
async def test_redirect_after_sign_in_stays_local(
    client: httpx.AsyncClient, learner: Account, target: str, location: str
) -> None:
    answer = await client.post(
        "/sign-in", data={"email": learner.email, "password": PASSWORD, "next": target}
    )
    assert (await client.get(answer.headers["location"])).headers["location"] == location


async def test_missing_cookie_is_explained(client: httpx.AsyncClient, learner: Account) -> None:
    answer = await sign_in(client, learner.email)
    client.cookies.clear()
    told = await client.get(answer.headers["location"])
    assert told.status_code == 200
    assert "did not keep the cookie" in told.text
    assert BASE_URL in told.text
    assert "did not keep the cookie" not in (await client.get("/sign-in")).text


async def test_unknown_disabled_and_wrong_give_the_same_error(
    client: httpx.AsyncClient, learner: Account, administrator: Account
) -> None:
    unknown = await sign_in(client, "nobody@example.edu")
    wrong = await sign_in(client, learner.email, "not this one")
    await administrator.api.patch(f"/api/people/{learner.id}", json={"disabled": True})
    disabled = await sign_in(client, learner.email)
    assert {answer.status_code for answer in (unknown, wrong, disabled)} == {422}
    assert all(WRONG in answer.text for answer in (unknown, wrong, disabled))
    assert f'value="{learner.email}"' in wrong.text
    assert "not this one" not in wrong.text


@on_both_databases
async def test_account_is_limited_after_five_failures(
    client: httpx.AsyncClient, learner: Account, held_clock: HeldClock, make_account: MakeAccount
) -> None:
    for _ in range(5):
        assert (await sign_in(client, learner.email, "not this one")).status_code == 422
    limited = await sign_in(client, learner.email)
    assert limited.status_code == 429
    assert "Wait 15 minutes" in limited.text
    assert COOKIE not in client.cookies
    other = await make_account("learner", "other@example.edu")
    assert (await sign_in(client, other.email)).status_code == 303
    held_clock.advance(minutes=15)
    assert (await sign_in(client, learner.email)).status_code == 303


@on_both_databases
async def test_concurrent_attempts_are_all_counted(client: httpx.AsyncClient, learner: Account) -> None:
    attempts = [sign_in(client, learner.email, f"guess number {number}") for number in range(12)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*attempts))
    assert statuses == [422] * 5 + [429] * 7


async def test_success_clears_failed_attempts(client: httpx.AsyncClient, learner: Account) -> None:
    for _ in range(3):
        for _ in range(4):
            await sign_in(client, learner.email, "not this one")
        assert (await sign_in(client, learner.email)).status_code == 303


async def guess(make_client: MakeClient, email: str, address: str, times: int) -> list[int]:
    """Wrong passwords from a network."""
    stranger = await make_client(headers={"Sec-Fetch-Site": "same-origin"}, address=address)
    return [(await sign_in(stranger, email, f"guess number {number}")).status_code for number in range(times)]


async def test_guesses_from_elsewhere_do_not_lock_the_owner_out(
    client: httpx.AsyncClient, learner: Account, make_client: MakeClient
) -> None:
    for address in ("203.0.113.9", "2001:db8:1:2::7"):
        assert await guess(make_client, learner.email, address, 6) == [422] * 5 + [429]
    assert await guess(make_client, learner.email, "2001:db8:1:2:ffff::8", 1) == [429]  # the same /64
    assert (await sign_in(client, learner.email)).status_code == 303
    assert await guess(make_client, learner.email, "203.0.113.9", 1) == [429]  # the success is not theirs


async def test_known_browser_is_let_in_when_a_botnet_guesses(
    client: httpx.AsyncClient, learner: Account, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await sign_in(client, learner.email)).status_code == 303  # it is known from now on
    monkeypatch.setattr(rules, "FAILURES_PER_ACCOUNT", 10)
    for host in range(2):
        await guess(make_client, learner.email, f"203.0.113.{host}", 5)
    assert await guess(make_client, learner.email, "198.51.100.1", 1) == [429]
    assert (await sign_in(client, learner.email)).status_code == 303
    for _ in range(5):
        assert (await sign_in(client, learner.email, "not this one")).status_code == 422
    assert (await sign_in(client, learner.email)).status_code == 429


async def test_cookie_of_a_known_browser_is_of_one_account_and_not_forged(
    client: httpx.AsyncClient, learner: Account, instructor: Account, make_client: MakeClient
) -> None:
    await sign_in(client, learner.email)
    value = next(value for name, value in client.cookies.items() if name != COOKIE)
    for email, forged in (
        (learner.email, value[:-1] + ("0" if value[-1] != "0" else "1")),
        (instructor.email, value),
    ):
        stranger = await make_client(
            headers={"Sec-Fetch-Site": "same-origin"},
            cookies={cookie_name(BASE_URL, devices.COOKIE): forged},
        )
        assert [(await sign_in(stranger, email, "not this one")).status_code for _ in range(6)][-1] == 429
        assert (await sign_in(stranger, email)).status_code == 429
    assert (await sign_in(client, learner.email)).status_code == 303


async def test_browser_of_a_classroom_knows_its_last_accounts_in_one_cookie(
    client: httpx.AsyncClient, make_account: MakeAccount, database: Database
) -> None:
    emails = [f"pupil-{number}@example.edu" for number in range(devices.ACCOUNTS + 2)]
    for email in emails:
        await make_account("learner", email)
        assert (await sign_in(client, email)).status_code == 303
    assert len(client.cookies) == 2
    cookie = client.cookies[cookie_name(BASE_URL, devices.COOKIE)]
    assert len(cookie) < 700
    found = [bool(await devices.known(database, cookie, email, START)) for email in emails]
    assert found == [False, False, *[True] * devices.ACCOUNTS]
    again = await devices.remember(database, cookie, emails[-1], START)
    assert again == cookie  # once for each account


async def test_address_is_limited_after_a_hundred_failures(
    client: httpx.AsyncClient, learner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_match(_hash: str | None, _password: str) -> bool:
        return False  # skips the slow hash, which is not under test

    with monkeypatch.context() as patch:
        patch.setattr("server.accounts.signing_in.passwords.matches", no_match)
        for number in range(100):
            assert (await sign_in(client, f"guess-{number}@example.edu")).status_code == 422
    assert (await sign_in(client, learner.email)).status_code == 429
    client.headers["X-Forwarded-For"] = "203.0.113.9"  # can be forged; no proxy is configured
    assert (await sign_in(client, learner.email)).status_code == 429


async def test_session_id_is_new_at_each_sign_in(client: httpx.AsyncClient, learner: Account) -> None:
    client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="localhost.local")
    await sign_in(client, learner.email)
    first = client.cookies[COOKIE]
    assert first != "chosen-by-somebody-else"
    await sign_in(client, learner.email)
    second = client.cookies[COOKIE]
    assert second != first
    client.cookies.set(COOKIE, first, domain="localhost.local")
    assert (await client.get("/api/me")).status_code == 401


@on_both_databases
@pytest.mark.parametrize(
    ("role", "idle_minutes", "absolute_hours"),
    [("learner", 8 * 60, 24), ("instructor", 8 * 60, 24), ("administrator", 30, 8)],
)
async def test_sessions_expire(
    make_account: MakeAccount, held_clock: HeldClock, role: str, idle_minutes: int, absolute_hours: int
) -> None:
    idle = await make_account(role, "idle@example.edu")
    held_clock.advance(minutes=idle_minutes - 1)
    assert (await idle.browser.get("/account")).status_code == 200
    held_clock.advance(minutes=idle_minutes)
    assert (await idle.browser.get("/account")).status_code == 303

    busy = await make_account(role, "busy@example.edu")
    step, passed = idle_minutes - 10, 0
    while passed + step < absolute_hours * 60:
        held_clock.advance(minutes=step)
        passed += step
        assert (await busy.browser.get("/account")).status_code == 200
    held_clock.advance(minutes=absolute_hours * 60 - passed)
    assert (await busy.browser.get("/account")).status_code == 303


async def test_cookie_over_http_on_localhost(client: httpx.AsyncClient, learner: Account) -> None:
    answer = await sign_in(client, learner.email)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert name == "skillstudio"
    assert {"path=/", "httponly", "samesite=lax"} <= attributes
    assert "secure" not in attributes


async def test_cookie_over_http_in_a_closed_network(
    client_with: ClientWith,
    learner: Account,
) -> None:
    """A browser drops a Secure cookie that comes over http, and one named __Host- without it."""
    async with client_with(base_url="http://media.campus.lan:8000") as client:
        answer = await sign_in(client, learner.email)
        assert (await client.get("/api/me")).status_code == 200
    assert all(
        "secure" not in cookie.lower() and not cookie.startswith("__")
        for cookie in answer.headers.get_list("set-cookie")
    )


async def test_cookie_over_https(
    client_with: ClientWith,
    learner: Account,
) -> None:
    async with client_with(base_url="https://media.example.edu") as client:
        answer = await sign_in(client, learner.email)
        assert (await client.get("/api/me")).status_code == 200
    name, _, rest = answer.headers["set-cookie"].partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert name == "__Host-skillstudio"
    assert {"path=/", "httponly", "samesite=lax", "secure"} <= attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_bearer_header_ignores_the_cookie(learner: Account, make_client: MakeClient) -> None:
    both = await make_client(
        headers={"Authorization": "Bearer not-a-token"}, cookies={COOKIE: learner.secret}
    )
    assert (await both.get("/api/me")).status_code == 401
