"""Set-up link: creates and signs in the first administrator, once."""

import asyncio

import httpx
import pytest
from litestar import Litestar

from server.accounts.signing_in import setup
from server.app import create_app
from server.settings import Settings
from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import BASE_URL, PASSWORD, Account, MakeClient, running

ANSWERS = {
    "name": "Grace Hopper",
    "email": "Grace@Example.edu",
    "password": PASSWORD,
    "institution": "Navy School",
    "time_zone": "Europe/Berlin",
}


@pytest.fixture
async def link(database: Database) -> str:
    made = await setup.ensure_setup_link(database)
    assert made
    return made


async def test_link_creates_and_signs_in_the_administrator(client: httpx.AsyncClient, link: str) -> None:
    assert "Name of your school" in (await client.get(link)).text
    answer = await client.post(link, data=ANSWERS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/teach")
    account = await client.get("/account")
    assert account.status_code == 200
    assert "grace@example.edu" in account.text
    assert "Navy School" in account.text


async def test_link_works_once(client: httpx.AsyncClient, make_client: MakeClient, link: str) -> None:
    await client.post(link, data=ANSWERS)
    other = await make_client(headers={"Accept": "text/html"})
    assert (await other.get(link)).status_code == 410
    assert (await other.post(link, data=ANSWERS | {"email": "eve@example.edu"})).status_code == 410


@on_both_databases
async def test_only_one_of_concurrent_requests_succeeds(make_client: MakeClient, link: str) -> None:
    clients = [await make_client() for _ in range(4)]
    answers = await asyncio.gather(
        *(
            client.post(link, data=ANSWERS | {"email": f"{number}@example.edu"})
            for number, client in enumerate(clients)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]


async def test_refused_form_keeps_the_link_and_its_values(client: httpx.AsyncClient, link: str) -> None:
    answer = await client.post(link, data=ANSWERS | {"password": "short"})
    assert answer.status_code == 422
    assert "Choose a password of 10 to 256 characters." in answer.text
    assert 'value="Grace Hopper"' in answer.text
    assert (await client.post(link, data=ANSWERS)).status_code == 303


async def test_all_errors_are_shown_at_once(client: httpx.AsyncClient, link: str) -> None:
    wrong = {"name": " ", "email": "grace", "password": "short", "institution": "", "time_zone": "Mars/Base"}
    answer = await client.post(link, data=wrong)
    assert answer.status_code == 422
    for sentence in (
        "Write a name.",
        "Write an email address such as ada@example.edu.",
        "Choose a password of 10 to 256 characters.",
        "Write a name of 1 to 80 characters.",
        "Choose a time zone from the list.",
    ):
        assert sentence in answer.text


async def test_institution_name_survives_a_restart(
    client: httpx.AsyncClient, link: str, app: Litestar, settings: Settings
) -> None:
    await client.post(link, data=ANSWERS)
    again = create_app(app.state.services, clock=app.state.clock)
    transport = httpx.ASGITransport(again)  # type: ignore[arg-type]
    async with running(again), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as later:
        assert "Navy School" in (await later.get("/api/docs")).text


async def test_no_link_when_an_administrator_exists(database: Database, administrator: Account) -> None:
    assert await setup.ensure_setup_link(database) is None


async def test_restart_replaces_the_link(client: httpx.AsyncClient, database: Database, link: str) -> None:
    newer = await setup.ensure_setup_link(database)
    assert newer
    assert (await client.get(link)).status_code == 410
    assert (await client.get(newer)).status_code == 200


async def test_administrator_added_elsewhere_invalidates_the_link(
    client: httpx.AsyncClient, link: str, administrator: Account
) -> None:
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, data=ANSWERS)).status_code == 410


@on_both_databases
async def test_email_address_with_an_account_is_refused(
    client: httpx.AsyncClient, link: str, learner: Account
) -> None:
    answer = await client.post(link, data=ANSWERS | {"email": learner.email})
    assert answer.status_code == 409
    assert "There is already an account with this address." in answer.text
    assert (await client.post(link, data=ANSWERS)).status_code == 303
