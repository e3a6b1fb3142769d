"""Account administration pages, used without JavaScript."""

import msgspec
import pytest

from server.accounts.people import people_list
from server.accounts.people import service as people
from server.accounts.schemas import Person
from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import PASSWORD, Account, MakeAccount

PEOPLE = "/admin/people"


async def person(database: Database, email: str) -> Person:
    found = await people.by_email(database, email)
    assert found
    return found


@on_both_databases
async def test_list_is_searched_and_filtered(administrator: Account, make_account: MakeAccount) -> None:
    await make_account("learner", "emmy@example.edu", "Emmy Noether")
    await make_account("instructor", "lise@example.edu", "Lise Meitner")
    everybody = (await administrator.browser.get(PEOPLE)).text
    assert "Emmy Noether" in everybody
    assert "Lise Meitner" in everybody
    found = (await administrator.browser.get(PEOPLE, params={"search": "NOETH"})).text
    assert "Emmy Noether" in found
    assert "Lise Meitner" not in found
    teaching = (await administrator.browser.get(PEOPLE, params={"role": "instructor"})).text
    assert "Emmy Noether" not in teaching
    nobody = await administrator.browser.get(PEOPLE, params={"search": "%", "page": "x"})
    assert "Nothing matches “%”." in nobody.text


async def test_list_is_paginated(
    administrator: Account, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_list, "OPTIONS", msgspec.structs.replace(people_list.OPTIONS, page_size=2))
    for number in range(3):
        await make_account("learner", f"learner-{number}@example.edu", f"Learner {number}")
    first = (await administrator.browser.get(PEOPLE)).text
    assert "Learner 0" in first
    assert "Learner 2" not in first
    second = (await administrator.browser.get(PEOPLE, params={"page": "2"})).text
    assert "Learner 2" in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


async def test_person_is_added(administrator: Account, database: Database) -> None:
    typed = {"name": "Emmy Noether", "email": "Emmy@Example.edu", "role": "instructor", "password": ""}
    answer = await administrator.browser.post(f"{PEOPLE}/new", data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, PEOPLE)
    added = await person(database, "emmy@example.edu")
    assert (added.role, added.has_password) == ("instructor", False)
    again = await administrator.browser.post(f"{PEOPLE}/new", data=typed)
    assert again.status_code == 409
    assert "There is already an account with this address." in again.text
    assert 'value="Emmy Noether"' in again.text


async def test_person_is_changed(administrator: Account, learner: Account, database: Database) -> None:
    await administrator.browser.post(
        f"{PEOPLE}/{learner.id}", data={"name": "Ada King", "role": "instructor"}
    )
    changed = await person(database, learner.email)
    assert (changed.name, changed.role) == ("Ada King", "instructor")
    refused = await administrator.browser.post(f"{PEOPLE}/{learner.id}", data={"name": "", "role": "learner"})
    assert refused.status_code == 422
    assert "Write a name." in refused.text


@on_both_databases
async def test_last_administrator_cannot_be_removed(administrator: Account, database: Database) -> None:
    answer = await administrator.browser.post(
        f"{PEOPLE}/{administrator.id}", data={"name": "Ada", "role": "learner"}
    )
    assert answer.status_code == 409
    await administrator.browser.post(f"{PEOPLE}/{administrator.id}/disabled", data={"disabled": "yes"})
    kept = await person(database, administrator.email)
    assert (kept.role, kept.disabled) == ("administrator", False)


async def test_disabling_ends_sessions_and_enabling_allows_sign_in(
    administrator: Account, learner: Account
) -> None:
    for _ in range(2):
        await administrator.browser.post(f"{PEOPLE}/{learner.id}/disabled", data={"disabled": "yes"})
    assert (await learner.browser.get("/account")).status_code == 303
    assert (await learner.api.get("/api/me")).status_code == 401
    credentials = {"email": learner.email, "password": PASSWORD}
    assert (await learner.browser.post("/sign-in", data=credentials)).status_code == 422
    await administrator.browser.post(f"{PEOPLE}/{learner.id}/disabled", data={"disabled": "no"})
    assert (await learner.browser.get("/account")).status_code == 303  # the old session stays ended
    assert (await learner.browser.post("/sign-in", data=credentials)).status_code == 303
    assert (await learner.api.get("/api/me")).status_code == 401  # and so does the old token


async def test_new_password_ends_sessions(administrator: Account, learner: Account) -> None:
    short = await administrator.browser.post(f"{PEOPLE}/{learner.id}/password", data={"password": "short"})
    assert short.status_code == 422
    new = {"password": "an entirely new one"}
    await administrator.browser.post(f"{PEOPLE}/{learner.id}/password", data=new)
    assert (await learner.browser.get("/account")).status_code == 303
    credentials = new | {"email": learner.email}
    assert (await learner.browser.post("/sign-in", data=credentials)).status_code == 303
