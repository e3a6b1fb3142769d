"""Notices: each episode is told once at its beginning and once at its end, and shown while it lasts."""

import asyncio
import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.encoding.repair import telling
from server.operations.notices import looks, rules, service, tasks
from server.operations.notices.rules import Look
from server.outbox import sending
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import Notice, OutboxMessage
from storage.messages import Message
from storage.states import NoticeState
from tests.fixtures.database import on_both_databases
from tests.fixtures.smtp import MailReceiver, WebhookReceiver
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.integration.pages.markup import faults
from tests.world.builder import World
from transcoder.jobs import mending

GB = 10**9
Usage = namedtuple("Usage", "total used free")
SetFree = Callable[[float], None]


@pytest.fixture
def services(app: Litestar, mail_receiver: MailReceiver, webhook_receiver: WebhookReceiver) -> Services:
    """The application with a mail server and a webhook."""
    old: Services = app.state.services
    old.settings.data.mkdir(exist_ok=True)
    settings = replace(
        old.settings,
        smtp_url=mail_receiver.url,
        mail_from="media@example.edu",
        webhook_url=webhook_receiver.url,
    )
    app.state.services = replace(old, settings=settings)
    return replace(old, settings=settings)


@pytest.fixture
def set_free(monkeypatch: pytest.MonkeyPatch) -> SetFree:
    """`set_free(bytes)`: what every disk has left."""

    def set_free(free: float) -> None:
        usage = Usage(100 * GB, 100 * GB - int(free), int(free))
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)

    return set_free


async def look(services: Services, clock: HeldClock) -> None:
    """One round of the scheduler: look, and send."""
    await tasks.look_at_disks(services, clock.now(), clock.now())
    await sending.send_due(services, clock.now(), clock.now())
    clock.advance(minutes=1)


@on_both_databases
async def test_full_disk_is_told_once_and_once_when_it_is_over(
    administrator: Account,
    make_account: MakeAccount,
    services: Services,
    mail_receiver: MailReceiver,
    webhook_receiver: WebhookReceiver,
    held_clock: HeldClock,
    set_free: SetFree,
) -> None:
    await make_account("administrator", "second@example.edu")
    disabled = await make_account("administrator", "left@example.edu")
    await administrator.api.patch(f"/api/people/{disabled.id}", json={"disabled": True})
    for free in (50, 19, 21, 18, 24, 20.5):  # around the limit of 20, it goes up and down
        set_free(free * GB)
        await look(services, held_clock)
    recipients = sorted(one.recipients[0] for one in mail_receiver.deliveries)
    assert recipients == ["administrator@example.edu", "second@example.edu"]
    assert "The disk is filling up: 19 GB are free" in mail_receiver.deliveries[0].text
    assert "/admin" in mail_receiver.deliveries[0].text
    page = (await administrator.browser.get("/admin")).text
    assert faults(page) == []
    assert "The disk is filling up: 20.5 GB are free" in page
    assert "Something needs attention" in page
    for free in (30, 30, 50):
        set_free(free * GB)
        await look(services, held_clock)
    assert len(mail_receiver.deliveries) == 4
    assert "There is room on the disk again: 30 GB are free" in mail_receiver.deliveries[3].text
    assert "The disk is filling up" not in (await administrator.browser.get("/admin")).text
    began, ended = (json.loads(post.body) for post in webhook_receiver.posts)
    assert (began["state"], ended["state"]) == ("began", "ended")
    assert "SkillStudio: The disk is filling up: 19 GB are free" in began["text"]
    assert began["notice"] == ended["notice"]
    set_free(GB)
    await look(services, held_clock)
    assert len(mail_receiver.deliveries) == 6  # another episode


async def test_notice_is_in_the_language_of_the_settings(
    administrator: Account,
    services: Services,
    webhook_receiver: WebhookReceiver,
    held_clock: HeldClock,
    set_free: SetFree,
) -> None:
    set_free(1.5 * GB)
    german = replace(services, settings=replace(services.settings, language="de"))
    await look(german, held_clock)
    assert "1,5 GB" in json.loads(webhook_receiver.posts[0].body)["text"]


async def test_notice_without_mail_and_webhook_is_on_the_page(
    administrator: Account, services: Services, held_clock: HeldClock, set_free: SetFree, app: Litestar
) -> None:
    settings = replace(services.settings, smtp_url="", webhook_url="")
    app.state.services = silent = replace(services, settings=settings)
    set_free(GB)
    await look(silent, held_clock)
    page = (await administrator.browser.get("/admin")).text
    assert "The disk is filling up: 1 GB are free" in page
    assert "Nobody is told of this by mail or chat" in page
    async with services.database.read() as session:
        assert (await session.scalars(select(OutboxMessage))).all() == []


@on_both_databases
async def test_missing_workers_are_told_after_some_minutes(
    administrator: Account, services: Services, webhook_receiver: WebhookReceiver, held_clock: HeldClock
) -> None:
    for minute in range(6):
        await tasks.look_at_services(services, held_clock.now(), held_clock.now())
        await sending.send_due(services, held_clock.now(), held_clock.now())
        assert len(webhook_receiver.posts) == (2 if minute >= 3 else 0)  # queue and workers
        held_clock.advance(minutes=1)
    texts = " ".join(json.loads(post.body)["text"] for post in webhook_receiver.posts)
    assert "No worker takes jobs" in texts
    assert "The queue does not answer" in texts


@on_both_databases
async def test_two_machines_that_look_at_once_tell_once(
    administrator: Account, services: Services, database: Database, held_clock: HeldClock
) -> None:
    seen = Look("store", True, Message("full"), Message("over"))
    await asyncio.gather(*(service.take(services, [seen], held_clock.now()) for _ in range(4)))
    async with database.read() as session:
        assert len((await session.scalars(select(OutboxMessage))).all()) == 2  # one mail, one post


async def test_quiet_installation_writes_nothing(
    services: Services, database: Database, held_clock: HeldClock, set_free: SetFree
) -> None:
    set_free(50 * GB)
    for _ in range(3):
        await look(services, held_clock)
    async with database.read() as session:
        assert (await session.scalars(select(Notice))).all() == []


async def test_notices_of_a_machine_that_is_gone_are_forgotten(
    services: Services, database: Database, held_clock: HeldClock, set_free: SetFree
) -> None:
    set_free(GB)
    await look(services, held_clock)
    await service.forget_unseen(database, held_clock.now())
    async with database.read() as session:
        assert len(await service.shown(session)) == 1
    held_clock.advance(seconds=service.FORGOTTEN.total_seconds())
    await service.forget_unseen(database, held_clock.now())
    async with database.read() as session:
        assert await service.shown(session) == []


async def test_messages_that_do_not_go_out_are_shown(
    administrator: Account,
    services: Services,
    mail_receiver: MailReceiver,
    held_clock: HeldClock,
    set_free: SetFree,
) -> None:
    mail_receiver.answers = {"MAIL": "451 busy"}
    set_free(GB)
    await look(services, held_clock)
    page = (await administrator.browser.get("/admin")).text
    assert faults(page) == []
    assert "Mails and notices that do not go out" in page
    assert "administrator@example.edu" in page
    assert "The mail server does not accept mails: 451 busy" in page


def test_threshold_of_zero_never_warns() -> None:
    assert rules.is_low(0, 0) is False


def test_patience_begins_anew_after_a_clock_was_set_back(held_clock: HeldClock) -> None:
    seen = Look("x", True, Message("bad"), Message("good"), timedelta(minutes=3))
    later = held_clock.now() + timedelta(days=1)
    after = rules.turn(NoticeState.QUIET, later, seen, held_clock.now())
    assert (after.turning_since, after.event) == (held_clock.now(), None)


async def test_damaged_lecture_is_told_once(
    services: Services,
    world: World,
    instructor: Account,
    held_clock: HeldClock,
    database: Database,
) -> None:
    """A mail to its instructors, a line on its page, and a notice for administrators as long as it lasts."""
    course = await world.course("Optics", instructors=[instructor])
    lesson = await world.lesson(course, "Lenses")
    video = await world.video(lesson)
    told = Message("Part of this lecture is damaged (0:06-0:12), and its original is gone.")

    async def note(damage: Message | None) -> None:
        async with database.write() as session:
            await mending.note_damage(session, video.id, damage)
        for _ in range(2):
            await telling.tell(services, held_clock.now(), held_clock.now())

    async def mails() -> list[str]:
        async with database.read() as session:
            rows = await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "mail"))
            return [f"{row.recipient}: {row.subject}\n{row.body}" for row in rows]

    await note(told)
    (mail,) = await mails()
    assert instructor.email in mail
    assert "Lenses is damaged" in mail
    assert "its original is gone" in mail
    page = await instructor.browser.get(f"/teach/courses/{course.id}/lessons/{lesson.id}")
    assert "its original is gone" in page.text
    found = {look.key: look for look in await looks.at_services(services, held_clock.now())}
    assert found["lectures"].bad
    await note(told)
    assert len(await mails()) == 1
    await note(None)
    found = {look.key: look for look in await looks.at_services(services, held_clock.now())}
    assert not found["lectures"].bad
    await note(told)
    assert len(await mails()) == 2
