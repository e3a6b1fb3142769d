"""Invitations: after an import everybody gets in, by a link that works once."""

import asyncio
import csv
import html
import io
import re
from urllib.parse import unquote

import httpx
import pytest

from server.accounts import rules
from server.core.web.cookies import cookie_name
from tests.fixtures import web
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import BASE_URL, Account, HeldClock, MakeClient

PEOPLE = "/admin/people"
PASSWORD = "a very new sentence"
LIST = "E-Mail;Name;Rolle\r\nzoe@example.edu;Zoë Groß;Lernende\r\nmax@example.edu;=cmd|Max;Lernende\r\n"


def links_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200
    return re.findall(rf"(?<={BASE_URL})/invite/[\w-]+(?=</code>)", answer.text)


async def imported(administrator: Account) -> None:
    await administrator.browser.post(
        f"{PEOPLE}/import",
        data={"confirmed": "yes"},
        files={"file": ("people.csv", LIST.encode("cp1252"), "text/csv")},
    )


@pytest.fixture
async def link(administrator: Account, learner: Account) -> str:
    return links_of(await administrator.browser.post(f"{PEOPLE}/{learner.id}/link"))[0]


@on_both_databases
async def test_imported_people_get_in(administrator: Account, make_client: MakeClient) -> None:
    await imported(administrator)
    listed = await administrator.browser.get(PEOPLE)
    assert "2 people have neither a password nor a link" in listed.text
    page = await administrator.browser.post(f"{PEOPLE}/links")
    links = links_of(page)
    assert len(links) == 2
    assert "Zoë Groß" in page.text
    visitor = await make_client(headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"})
    shown = await visitor.get(links[1])
    assert "Welcome, Zoë Groß" in shown.text
    answer = await visitor.post(links[1], data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await visitor.get("/dashboard")).status_code == 200
    assert "1 person has not used their link yet" in (await administrator.browser.get(PEOPLE)).text
    again = await make_client(headers={"Sec-Fetch-Site": "same-origin"})
    signed_in = await again.post("/sign-in", data={"email": "zoe@example.edu", "password": PASSWORD})
    assert signed_in.status_code == 303


async def test_links_as_csv_for_a_mail_merge(administrator: Account) -> None:
    await imported(administrator)
    page = await administrator.browser.post(f"{PEOPLE}/links")
    data = re.search(r'href="data:text/csv;charset=utf-8,([^"]+)"', page.text)
    assert data
    rows = list(csv.DictReader(io.StringIO(unquote(html.unescape(data[1])).removeprefix("\ufeff"))))
    assert [row["email"] for row in rows] == ["max@example.edu", "zoe@example.edu"]
    assert rows[0]["name"] == "'=cmd|Max"  # not a formula
    assert [row["link"].removeprefix(BASE_URL) for row in rows] == links_of(page)


@on_both_databases
async def test_link_works_once(link: str, make_client: MakeClient) -> None:
    clients = [await make_client(headers={"Sec-Fetch-Site": "same-origin"}) for _ in range(4)]
    answers = await asyncio.gather(*(client.post(link, data={"password": PASSWORD}) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]
    assert (await clients[0].get(link)).status_code == 410


async def test_link_in_the_browser_of_somebody_else(link: str, learner: Account, instructor: Account) -> None:
    """It is about the invited person only, whoever opens it."""
    assert "Ada Lovelace" in (await instructor.browser.get(link)).text
    assert (await instructor.browser.post(link, data={"password": PASSWORD})).status_code == 303
    assert learner.email in (await instructor.browser.get("/account")).text  # signed in as the invited person
    assert (await instructor.api.get("/api/me")).json()["email"] == instructor.email
    old = {"email": instructor.email, "password": web.PASSWORD}
    assert (
        await learner.browser.post("/sign-in", data=old)
    ).status_code == 303  # of whom nothing has changed


async def test_weak_password_leaves_the_link_valid(client: httpx.AsyncClient, link: str) -> None:
    refused = await client.post(link, data={"password": "short"})
    assert refused.status_code == 422
    assert "10 to 256 characters" in refused.text
    assert (await client.post(link, data={"password": PASSWORD})).status_code == 303


async def test_new_link_replaces_the_one_before(
    client: httpx.AsyncClient, link: str, administrator: Account, learner: Account
) -> None:
    newer = links_of(await administrator.browser.post(f"{PEOPLE}/{learner.id}/link"))[0]
    assert (await client.get(link)).status_code == 410
    assert (await client.get(newer)).status_code == 200


async def test_link_ends_with_its_time_and_with_the_account(
    client: httpx.AsyncClient, link: str, administrator: Account, learner: Account, held_clock: HeldClock
) -> None:
    await administrator.api.patch(f"/api/people/{learner.id}", json={"disabled": True})
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, data={"password": PASSWORD})).status_code == 410
    assert (await administrator.browser.post(f"{PEOPLE}/{learner.id}/link")).status_code == 404
    await administrator.api.patch(f"/api/people/{learner.id}", json={"disabled": False})
    assert (await client.get(link)).status_code == 410
    link = links_of(await administrator.browser.post(f"{PEOPLE}/{learner.id}/link"))[0]
    assert (await client.get(link)).status_code == 200
    held_clock.advance(seconds=rules.INVITATION_LIFETIME.total_seconds())
    assert (await client.post(link, data={"password": PASSWORD})).status_code == 410


async def test_new_password_ends_sessions_and_tokens(
    client: httpx.AsyncClient, link: str, learner: Account
) -> None:
    await client.post(link, data={"password": PASSWORD})
    assert (await learner.browser.get("/account")).status_code == 303
    assert (await learner.api.get("/api/me")).status_code == 401
    assert client.cookies[cookie_name(BASE_URL)]


async def test_no_links_when_everybody_has_a_password(administrator: Account) -> None:
    page = await administrator.browser.post(f"{PEOPLE}/links")
    assert links_of(page) == []
    assert "Everybody has a password" in page.text


@on_both_databases
async def test_two_administrators_at_once_make_each_link_once(
    administrator: Account, learner: Account, client: httpx.AsyncClient
) -> None:
    await imported(administrator)
    pages = await asyncio.gather(*(administrator.browser.post(f"{PEOPLE}/links") for _ in range(4)))
    links = [link for page in pages for link in links_of(page)]
    assert len(links) == 2
    assert [(await client.get(link)).status_code for link in links] == [200, 200]
    path = f"{PEOPLE}/{learner.id}/link"
    made = await asyncio.gather(*(administrator.browser.post(path) for _ in range(4)))
    statuses = [(await client.get(links_of(page)[0])).status_code for page in made]
    assert sorted(statuses) == [200, 410, 410, 410]


@on_both_databases
async def test_links_that_were_handed_out_stay_valid(
    administrator: Account, client: httpx.AsyncClient
) -> None:
    await imported(administrator)
    first = links_of(await administrator.browser.post(f"{PEOPLE}/links"))
    late = "email,name,role\nlate@example.edu,Late Comer,learner\n"
    await administrator.browser.post(f"{PEOPLE}/import", data={"list": late, "confirmed": "yes"})
    later = links_of(await administrator.browser.post(f"{PEOPLE}/links"))
    assert len(later) == 1
    assert [(await client.get(link)).status_code for link in (*first, *later)] == [200] * 3
    assert links_of(await administrator.browser.post(f"{PEOPLE}/links")) == []
    everybody = links_of(await administrator.browser.post(f"{PEOPLE}/links", data={"again": "yes"}))
    assert len(everybody) == 3
    assert [(await client.get(link)).status_code for link in (*first, *later)] == [410] * 3


@pytest.mark.parametrize("how", ["own", "set", "disabled"])
async def test_link_ends_with_the_password_before(
    client: httpx.AsyncClient, link: str, administrator: Account, learner: Account, how: str
) -> None:
    """Otherwise whoever finds the old link takes the account over."""
    if how == "own":
        change = {"current_password": web.PASSWORD, "password": PASSWORD}
        assert (await learner.browser.post("/account/password", data=change)).status_code == 303
    else:
        patches = [{"password": PASSWORD}] if how == "set" else [{"disabled": True}, {"disabled": False}]
        for patch in patches:
            assert (await administrator.api.patch(f"/api/people/{learner.id}", json=patch)).status_code == 200
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, data={"password": "taken over by somebody"})).status_code == 410


async def test_new_password_opens_an_account_that_was_guessed_at(
    client: httpx.AsyncClient, administrator: Account, learner: Account
) -> None:
    """As the page of the limit says: ask an administrator to reset the password."""
    wrong = {"email": learner.email, "password": "not this one"}
    assert [(await client.post("/sign-in", data=wrong)).status_code for _ in range(6)][-1] == 429
    await administrator.api.patch(f"/api/people/{learner.id}", json={"password": PASSWORD})
    right = {"email": learner.email, "password": PASSWORD}
    assert (await client.post("/sign-in", data=right)).status_code == 303


@on_both_databases
async def test_thousands_of_people_are_imported_and_get_links(administrator: Account) -> None:
    rows = "".join(f"p{number}@example.edu,Person {number},learner\n" for number in range(1203))
    answer = await administrator.api.post("/api/people/import", content=f"email,name,role\n{rows}")
    assert answer.json()["added"] == 1203
    assert len(links_of(await administrator.browser.post(f"{PEOPLE}/links"))) == 1203
    again = await administrator.api.post("/api/people/import", content=f"email,name,role\n{rows}")
    assert (again.json()["added"], again.json()["changed"], again.json()["unchanged"]) == (0, 0, 1203)
    found = await administrator.api.get("/api/people", params={"search": "PERSON 1201"})
    assert [person["email"] for person in found.json()] == ["p1201@example.edu"]


@on_both_databases
async def test_ticked_people_get_links(
    administrator: Account, learner: Account, client: httpx.AsyncClient
) -> None:
    await imported(administrator)
    listed = (await administrator.browser.get(PEOPLE)).text
    ids = dict(
        re.findall(
            r'name="person" value="(\w+)" data-tick><span class="visually-hidden">Select ([^<]+)', listed
        )
    )
    assert len(ids) == 4
    chosen = [person for person, name in ids.items() if name in ("Zoë Groß", "Ada Lovelace")]
    assert administrator.id in chosen
    await administrator.api.patch(f"/api/people/{learner.id}", json={"disabled": True})
    fields = {"selected": "yes", "person": [*chosen, learner.id, "nobody"]}
    page = await administrator.browser.post(f"{PEOPLE}/links", data=fields)
    assert len(links_of(page)) == 2
    assert [(await client.get(link)).status_code for link in links_of(page)] == [200, 200]
    none = await administrator.browser.post(f"{PEOPLE}/links?role=learner&page=x", data={"selected": "yes"})
    assert (none.status_code, none.headers["location"]) == (303, f"{PEOPLE}?role=learner")
    assert "Tick the people who get a link first." in (await administrator.browser.get(PEOPLE)).text
