"""Outbox: what a transaction put in goes out, whatever the mail server and the scheduler go through."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from server.outbox import rules, sending, service
from server.outbox.channels import NotSet
from server.outbox.service import Mail
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import OutboxMessage
from storage.objects.store import ObjectStore
from storage.states import OutboxState
from tests.fixtures.database import on_both_databases
from tests.fixtures.smtp import MailReceiver, WebhookReceiver, listening
from tests.fixtures.web import HeldClock, RecordedQueue

SECRET = "https://media.example.edu/invite/secret"
MakeServices = Callable[..., Services]


@pytest.fixture
def make_services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> MakeServices:
    def make(**changed: Any) -> Services:
        changed = {"mail_from": "media@example.edu"} | changed
        return Services(replace(settings, **changed), database, folder_store, recorded_queue)

    return make


@pytest.fixture
def services(make_services: MakeServices, mail_receiver: MailReceiver) -> Services:
    return make_services(smtp_url=mail_receiver.url)


async def put(database: Database, clock: HeldClock, *recipients: str, about: str | None = None) -> None:
    async with database.write() as session:
        mails = [Mail(recipient, "A link", f"Open {SECRET}\n", about) for recipient in recipients]
        await service.put_mails(session, mails, clock.now())


async def send(services: Services, clock: HeldClock) -> None:
    await sending.send_due(services, clock.now(), clock.now())


async def rows(database: Database) -> list[OutboxMessage]:
    async with database.read() as session:
        return list(await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


@on_both_databases
async def test_mail_goes_out_once_and_its_link_is_forgotten(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    await put(database, held_clock, "ada@example.edu", "max@example.edu")
    for _ in range(2):
        await send(services, held_clock)
        held_clock.advance(hours=1)
    assert [one.recipients for one in mail_receiver.deliveries] == [["ada@example.edu"], ["max@example.edu"]]
    assert SECRET in mail_receiver.deliveries[0].text
    assert mail_receiver.connections == 1
    for row in await rows(database):
        assert (row.state, row.body, row.attempts) == (OutboxState.SENT, "", 1)
        assert row.sent_at is not None


async def test_mail_of_a_transaction_that_fails_does_not_go_out(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            await service.put_mails(session, [Mail("ada@example.edu", "A link", SECRET)], held_clock.now())
            raise RuntimeError
    await send(services, held_clock)
    assert mail_receiver.deliveries == []


@on_both_databases
async def test_server_that_is_away_is_asked_again(
    make_services: MakeServices, database: Database, held_clock: HeldClock
) -> None:
    receiver = MailReceiver()
    async with listening(receiver):
        services = make_services(smtp_url=receiver.url)
    await put(database, held_clock, "ada@example.edu", "max@example.edu")
    await send(services, held_clock)
    async with database.read() as session:
        shown = await service.figures(session)
    assert shown.waiting == len(shown.delayed) == 2
    assert "The mail server cannot be reached" in str(shown.delayed[0].reason)
    async with listening(receiver):
        await send(services, held_clock)
        assert receiver.deliveries == []  # not at once
        held_clock.advance(minutes=2)
        await send(services, held_clock)
    assert len(receiver.deliveries) == 2


async def test_refused_for_now_is_sent_later_refused_for_good_is_not(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    mail_receiver.answers = {
        "RCPT <gone@example.edu>": "550 no such person",
        "RCPT <later@example.edu>": "451 try again later",
    }
    await put(database, held_clock, "gone@example.edu", "later@example.edu", "ada@example.edu")
    await send(services, held_clock)
    assert [one.recipients for one in mail_receiver.deliveries] == [["ada@example.edu"]]
    gone, later, _ = await rows(database)
    assert (gone.state, gone.body) == (OutboxState.FAILED, "")
    assert str(gone.last_error) == "The mail server refused it: 550 no such person"
    assert (later.state, later.attempts) == (OutboxState.WAITING, 1)
    assert later.next_try >= held_clock.now() + rules.wait(1)
    mail_receiver.answers = {}
    held_clock.advance(minutes=2)
    await send(services, held_clock)
    assert mail_receiver.deliveries[1].recipients == ["later@example.edu"]


async def test_message_is_given_up_after_days(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    mail_receiver.answers = {"MAIL": "451 not now"}
    await put(database, held_clock, "ada@example.edu")
    for _ in range(2):
        await send(services, held_clock)
        held_clock.advance(seconds=rules.GIVE_UP.total_seconds() + 1)
    (row,) = await rows(database)
    assert (row.state, row.body) == (OutboxState.FAILED, "")
    assert "451 not now" in str(row.last_error)
    held_clock.advance(days=40)
    await service.prune(database, held_clock.now())
    assert await rows(database) == []


@pytest.mark.parametrize("command", ["content", "MAIL", "connect"])
async def test_connection_that_ends_early_loses_no_mail(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver, command: str
) -> None:
    mail_receiver.answers = {command: "421 closing"}
    await put(database, held_clock, "ada@example.edu")
    await send(services, held_clock)
    mail_receiver.answers, mail_receiver.deliveries = {}, []
    held_clock.advance(minutes=2)
    await send(services, held_clock)
    assert len(mail_receiver.deliveries) == 1


@on_both_databases
async def test_process_that_dies_while_it_sends_loses_no_mail(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    """Claimed, and never recorded: after the wait it goes out, with the same Message-ID if it did before."""
    await put(database, held_clock, "ada@example.edu")
    (row,) = await rows(database)
    claiming = sending.Sender(database, row.kind, NotSet("x"), held_clock.now)
    assert await claiming._claim(row.id)
    assert await claiming._claim(row.id) is None  # of a second process
    held_clock.advance(minutes=2)
    await send(services, held_clock)
    assert mail_receiver.deliveries[0].mail["Message-ID"] == f"<{row.id}@example.edu>"


@on_both_databases
async def test_two_schedulers_at_once_send_each_mail_once(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    await put(database, held_clock, *(f"p{number}@example.edu" for number in range(20)))
    await asyncio.gather(*(send(services, held_clock) for _ in range(3)))
    recipients = [one.recipients[0] for one in mail_receiver.deliveries]
    assert sorted(recipients) == sorted({f"p{number}@example.edu" for number in range(20)})


async def test_many_mails_use_few_connections(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    await put(database, held_clock, *(f"p{number}@example.edu" for number in range(120)))
    await send(services, held_clock)
    assert len(mail_receiver.deliveries) == 120
    assert mail_receiver.connections == 3


async def test_stopped_scheduler_records_what_it_was_sending(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    await put(database, held_clock, *(f"p{number}@example.edu" for number in range(50)))
    sent = asyncio.create_task(send(services, held_clock))
    await mail_receiver.has_taken.wait()
    sent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sent
    held_clock.advance(hours=1)
    await send(services, held_clock)
    assert len({one.recipients[0] for one in mail_receiver.deliveries}) == len(mail_receiver.deliveries) == 50


async def test_withdrawn_mail_does_not_go_out(
    services: Services, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    await put(database, held_clock, "ada@example.edu", about="invitation/1")
    await put(database, held_clock, "max@example.edu", about="invitation/2")
    async with database.write() as session:
        await service.withdraw(session, ["invitation/1"])
    await send(services, held_clock)
    assert [one.recipients for one in mail_receiver.deliveries] == [["max@example.edu"]]


async def test_password_is_used_and_never_sent_in_the_clear(
    make_services: MakeServices, database: Database, held_clock: HeldClock, mail_receiver: MailReceiver
) -> None:
    mail_receiver.password = "s3cret"
    await put(database, held_clock, "ada@example.edu")
    await send(
        make_services(smtp_url=f"smtp://me:s3cret@127.0.0.1:{mail_receiver.port}?starttls"), held_clock
    )
    assert not [command for command in mail_receiver.commands if command.startswith("AUTH")]
    assert "STARTTLS" in str((await rows(database))[0].last_error)
    held_clock.advance(minutes=2)
    await send(make_services(smtp_url=f"smtp://me:wrong@127.0.0.1:{mail_receiver.port}"), held_clock)
    assert "535 wrong password" in str((await rows(database))[0].last_error)
    held_clock.advance(minutes=2)
    await send(make_services(smtp_url=f"smtp://me:s3cret@127.0.0.1:{mail_receiver.port}"), held_clock)
    assert len(mail_receiver.deliveries) == 1


async def test_missing_setting_of_the_scheduler_is_told(
    make_services: MakeServices, database: Database, held_clock: HeldClock
) -> None:
    await put(database, held_clock, "ada@example.edu")
    await send(make_services(), held_clock)
    told = str((await rows(database))[0].last_error)
    assert told == "SKILLSTUDIO_SMTP_URL is not set for the scheduler."


@on_both_databases
async def test_post_to_the_webhook_is_signed_and_repeated_until_it_is_taken(
    make_services: MakeServices,
    database: Database,
    held_clock: HeldClock,
    webhook_receiver: WebhookReceiver,
) -> None:
    services = make_services(webhook_url=webhook_receiver.url, webhook_secret="key")
    async with database.write() as session:
        await service.put_post(session, "Disk", '{"text": "Grüße"}', held_clock.now())
    webhook_receiver.status = 503
    await send(services, held_clock)
    webhook_receiver.status = 204
    held_clock.advance(minutes=2)
    await send(services, held_clock)
    await send(services, held_clock)
    first, second = webhook_receiver.posts
    assert first.body == second.body == '{"text": "Grüße"}'.encode()
    assert second.request == "POST /hooks/secret-token?format=x HTTP/1.1"
    assert second.headers["content-type"] == "application/json"
    expected = "58432535b492a37f"
    assert second.headers["x-skillstudio-signature"].startswith("sha256=" + expected)
    assert first.headers["x-skillstudio-delivery"] == second.headers["x-skillstudio-delivery"]
