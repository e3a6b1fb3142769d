"""Account page: name, password, sessions and tokens."""

import re

import httpx

from server.accounts import rules
from server.core.web.cookies import cookie_name
from tests.fixtures.web import BASE_URL, PASSWORD, Account, HeldClock, MakeAccount, MakeClient


def signed_in(clients: list[httpx.AsyncClient]) -> list[bool]:
    return [bool(client.cookies.get(cookie_name(BASE_URL))) for client in clients]


async def second_browser(make_client: MakeClient, account: Account) -> httpx.AsyncClient:
    other = await make_client(headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"})
    await other.post("/sign-in", data={"email": account.email, "password": PASSWORD})
    assert (await other.get("/account")).status_code == 200
    return other


async def test_name_is_changed(learner: Account) -> None:
    await learner.browser.post("/account/name", data={"name": "Ada King"})
    assert "Ada King" in (await learner.browser.get("/account")).text
    refused = await learner.browser.post("/account/name", data={"name": "x" * 300})
    assert refused.status_code == 422
    assert "x" * 300 in refused.text


async def test_new_password_ends_all_other_sessions(learner: Account, make_client: MakeClient) -> None:
    other = await second_browser(make_client, learner)
    wrong = {"current_password": "not this one", "password": "an entirely new one"}
    assert "not your current password" in (await learner.browser.post("/account/password", data=wrong)).text
    weak = {"current_password": PASSWORD, "password": "aaaaaaaaaaaa"}
    assert "harder to guess" in (await learner.browser.post("/account/password", data=weak)).text
    before = learner.browser.cookies.get(cookie_name(BASE_URL))
    right = wrong | {"current_password": PASSWORD}
    assert (await learner.browser.post("/account/password", data=right)).status_code == 303
    assert learner.browser.cookies.get(cookie_name(BASE_URL)) != before
    assert (await learner.browser.get("/account")).status_code == 200
    assert (await other.get("/account")).status_code == 303


async def test_attempts_at_the_current_password_are_limited(learner: Account, held_clock: HeldClock) -> None:
    guess = {"current_password": "not this one", "password": "an entirely new one"}
    answers = [(await learner.browser.post("/account/password", data=guess)).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    held_clock.advance(minutes=16)
    right = guess | {"current_password": PASSWORD}
    assert (await learner.browser.post("/account/password", data=right)).status_code == 303


async def test_other_sessions_are_ended(learner: Account, make_client: MakeClient) -> None:
    other = await second_browser(make_client, learner)
    await learner.browser.post("/account/sessions/end")
    assert "1 other browser is signed out." in (await learner.browser.get("/account")).text
    assert (await other.get("/account")).status_code == 303


async def test_token_is_shown_once_and_works_until_revoked(
    learner: Account, make_client: MakeClient, make_account: MakeAccount
) -> None:
    made = await learner.browser.post("/account/tokens", data={"name": "Recorder"})
    token = re.findall(r"sks_[\w-]{43}", made.text)[0]
    program = await make_client(headers={"Authorization": f"Bearer {token}"})
    assert (await program.get("/api/me")).json()["email"] == learner.email
    page = (await learner.browser.get("/account")).text
    assert token not in page
    assert "Recorder" in page
    kept = (await learner.api.get("/api/me/tokens")).json()
    token_id = next(item["id"] for item in kept if item["name"] == "Recorder")
    stranger = await make_account("learner", "eve@example.edu")
    revoke = f"/account/tokens/{token_id}/revoke"
    assert (await stranger.browser.post(revoke)).status_code == 404
    assert (await program.get("/api/me")).status_code == 200
    for _ in range(2):
        assert (await learner.browser.post(revoke)).status_code == 303
    assert (await program.get("/api/me")).status_code == 401


async def test_token_requires_a_name(learner: Account) -> None:
    answer = await learner.browser.post("/account/tokens", data={"name": " "})
    assert answer.status_code == 422
    assert "Write where the token will be used" in answer.text


async def token_works(account: Account) -> bool:
    return (await account.api.get("/api/me")).status_code == 200


async def test_tokens_end_with_the_password_and_with_all_sessions(
    learner: Account, instructor: Account
) -> None:
    assert await token_works(learner)
    change = {"current_password": PASSWORD, "password": "an entirely new one"}
    await learner.browser.post("/account/password", data=change)
    assert not await token_works(learner)
    assert await token_works(instructor)
    await instructor.browser.post("/account/sessions/end")
    assert "1 token is revoked." in (await instructor.browser.get("/account")).text
    assert not await token_works(instructor)


async def test_tokens_of_a_disabled_account_do_not_come_back(
    learner: Account, administrator: Account
) -> None:
    for disabled in (True, False):
        await administrator.api.patch(f"/api/people/{learner.id}", json={"disabled": disabled})
    assert not await token_works(learner)
    assert await token_works(administrator)


async def test_tokens_have_an_end(learner: Account, held_clock: HeldClock) -> None:
    kept = (await learner.api.get("/api/me/tokens")).json()
    assert kept[0]["expires_at"].startswith(f"{(held_clock.now() + rules.TOKEN_LIFETIME).date()}")
    held_clock.advance(days=364)
    assert await token_works(learner)
    held_clock.advance(days=2)
    assert not await token_works(learner)
