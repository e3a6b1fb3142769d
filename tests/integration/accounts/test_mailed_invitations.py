"""Invitations by mail: the link reaches its person and nobody else, in the language of the school."""

import re
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from server.outbox import sending
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import OutboxMessage
from tests.fixtures.database import on_both_databases
from tests.fixtures.smtp import MailReceiver
from tests.fixtures.web import BASE_URL, Account, HeldClock, MakeAccount

PEOPLE = "/admin/people"
MAIL = {"how": "mail"}


@pytest.fixture
async def services(app: Litestar, mail_receiver: MailReceiver) -> Services:
    """The application with a mail server."""
    old: Services = app.state.services
    settings = replace(old.settings, smtp_url=mail_receiver.url, mail_from="media@example.edu")
    services = replace(old, settings=settings)
    app.state.settings, app.state.services = settings, services
    return services


async def sent(services: Services, clock: HeldClock) -> None:
    await sending.send_due(services, clock.now(), clock.now())


def link_in(text: str) -> str:
    (link,) = re.findall(rf"{BASE_URL}(/invite/[\w-]+)", text)
    return str(link)


@on_both_databases
async def test_everybody_without_a_password_gets_a_mail(
    administrator: Account,
    make_account: MakeAccount,
    services: Services,
    mail_receiver: MailReceiver,
    held_clock: HeldClock,
    client: httpx.AsyncClient,
) -> None:
    rows = "email,name,role\nzoe@example.edu,Zoë Groß,learner\nmax@example.edu,Max,learner\n"
    await administrator.api.post("/api/people/import", content=rows)
    answer = await administrator.browser.post(f"{PEOPLE}/links", data=MAIL)
    assert (answer.status_code, answer.headers["location"]) == (303, PEOPLE)
    assert "2 mails with links are on their way." in (await administrator.browser.get(PEOPLE)).text
    await sent(services, held_clock)
    texts = {one.recipients[0]: one.text for one in mail_receiver.deliveries}
    assert texts.keys() == {"zoe@example.edu", "max@example.edu"}
    assert "Hello Zoë Groß," in texts["zoe@example.edu"]
    assert "Welcome, Zoë Groß" in (await client.get(link_in(texts["zoe@example.edu"]))).text


async def test_link_is_nowhere_once_it_is_sent(
    administrator: Account,
    learner: Account,
    services: Services,
    mail_receiver: MailReceiver,
    held_clock: HeldClock,
    database: Database,
) -> None:
    answer = await administrator.browser.post(f"{PEOPLE}/{learner.id}/link", data=MAIL)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PEOPLE}/{learner.id}")
    await sent(services, held_clock)
    assert link_in(mail_receiver.deliveries[0].text)
    async with database.read() as session:
        rows = (await session.scalars(select(OutboxMessage))).all()
    assert ["invite" in f"{row.body}{row.subject}" for row in rows] == [False]


async def test_mail_with_a_link_that_ended_does_not_go_out(
    administrator: Account,
    learner: Account,
    services: Services,
    mail_receiver: MailReceiver,
    held_clock: HeldClock,
    client: httpx.AsyncClient,
) -> None:
    for _ in range(2):
        await administrator.browser.post(f"{PEOPLE}/{learner.id}/link", data=MAIL)
    await sent(services, held_clock)
    assert len(mail_receiver.deliveries) == 1
    assert (await client.get(link_in(mail_receiver.deliveries[0].text))).status_code == 200
    await administrator.browser.post(f"{PEOPLE}/{learner.id}/link", data=MAIL)
    await administrator.api.patch(f"/api/people/{learner.id}", json={"disabled": True})
    await sent(services, held_clock)
    assert len(mail_receiver.deliveries) == 1


async def test_language_is_the_school_s_else_the_administrator_s(
    administrator: Account,
    learner: Account,
    services: Services,
    app: Litestar,
    mail_receiver: MailReceiver,
    held_clock: HeldClock,
) -> None:
    path = f"{PEOPLE}/{learner.id}/link"
    await administrator.browser.post(path, data=MAIL, headers={"Accept-Language": "de"})
    await sent(services, held_clock)
    app.state.settings = replace(services.settings, language="en")
    await administrator.browser.post(path, data=MAIL, headers={"Accept-Language": "de"})
    await sent(services, held_clock)
    german, english = mail_receiver.deliveries
    assert "06.12.2026" in german.text  # the day on which the link ends
    assert "Dec 6, 2026" in english.text


async def test_without_a_mail_server_nothing_is_mailed(administrator: Account, learner: Account) -> None:
    for path in (PEOPLE, f"{PEOPLE}/{learner.id}"):
        assert 'value="mail"' not in (await administrator.browser.get(path)).text
    answer = await administrator.browser.post(f"{PEOPLE}/{learner.id}/link", data=MAIL)
    assert answer.status_code == 409
    assert "No mail server is set: SKILLSTUDIO_SMTP_URL." in answer.text


async def test_buttons_for_mail_with_a_mail_server(
    administrator: Account, learner: Account, services: Services
) -> None:
    for path in (PEOPLE, f"{PEOPLE}/{learner.id}"):
        assert 'value="mail"' in (await administrator.browser.get(path)).text
