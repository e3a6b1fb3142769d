"""Links by mail, and what an administrator sees of notices: with a mail server in this process."""

import re
from dataclasses import replace

import pytest
from playwright.async_api import Browser, Page, expect

from server.core.clock import SystemClock
from server.operations.notices import service as notices
from server.operations.notices.rules import Look
from server.outbox import sending
from server.services import Services
from server.settings import Settings
from storage.messages import N_, byte_size, message
from storage.objects.folder import FolderStore
from tests.e2e.shots import Shots
from tests.e2e.test_two_editors import PHONE, signed_in
from tests.fixtures.server_process import Campus
from tests.fixtures.smtp import MailReceiver
from tests.fixtures.web import RecordedQueue

pytestmark = pytest.mark.e2e

CLOCK = SystemClock()
FULL = message(
    N_("The disk is filling up: %(size)s are free (%(place)s)."),
    size=byte_size(4.2e9),
    place="lecture-hall, /srv/media",
)


async def services(campus: Campus, receiver: MailReceiver) -> Services:
    """The server has a mail server from now on; and what the scheduler would have."""
    mail = {"SKILLSTUDIO_SMTP_URL": receiver.url, "SKILLSTUDIO_MAIL_FROM": "Media <media@example.edu>"}
    await campus.server.kill()
    campus.server.environment |= mail
    await campus.server.start()
    settings = Settings(data=campus.data, base_url=campus.server.url)
    settings = replace(settings, smtp_url=receiver.url, mail_from="Media <media@example.edu>")
    return Services(settings, campus.school.database, FolderStore(campus.data / "objects"), RecordedQueue())


async def test_learner_gets_in_by_a_mailed_link(
    browser: Browser, page: Page, campus: Campus, mail_receiver: MailReceiver, shots: Shots
) -> None:
    scheduler = await services(campus, mail_receiver)
    await signed_in(page.context, campus, "administrator")
    await page.goto(f"{campus.server.url}/admin/people")
    await page.get_by_label("Select learner").check()
    await shots.take(page, "people-mail")
    await page.locator(".selection-bar").get_by_role("button", name="Send links by mail").click()
    await expect(page.get_by_text("1 mail with a link is on its way.")).to_be_visible()
    await page.get_by_role("link", name="learner", exact=True).click()
    await expect(page.get_by_role("button", name="Send it by mail")).to_be_visible()
    await shots.take(page, "person-mail")
    await sending.send_due(scheduler, CLOCK.now(), CLOCK.now())
    (mail,) = mail_receiver.deliveries
    assert mail.recipients == ["learner@example.edu"]
    (link,) = re.findall(r"http\S+/invite/\S+", mail.text)
    learner = await (await browser.new_context(viewport=PHONE)).new_page()
    await learner.goto(link)
    await learner.get_by_label("Password").fill("short but sweet tooth")
    await learner.get_by_role("button", name="Save the password and sign in").click()
    await expect(learner.get_by_role("heading", name="My courses")).to_be_visible()


async def test_notices_and_undelivered_mails_are_on_the_page(
    page: Page, campus: Campus, mail_receiver: MailReceiver, shots: Shots
) -> None:
    scheduler = await services(campus, mail_receiver)
    mail_receiver.answers = {"RCPT": "550 5.1.1 No such user here"}
    now = CLOCK.now()
    await notices.take(scheduler, [Look("disk@hall", True, FULL, FULL)], now)
    await sending.send_due(scheduler, now, now)
    await signed_in(page.context, campus, "administrator")
    await page.goto(f"{campus.server.url}/admin")
    await expect(page.locator(".health").get_by_text("4.2 GB are free")).to_be_visible()
    await expect(page.get_by_text("550 5.1.1 No such user here")).to_be_visible()
    await shots.take(page, "administer-notices")
    await page.get_by_role("heading", name="Mails and notices").scroll_into_view_if_needed()
    if shots.folder:
        await page.screenshot(path=shots.folder / "administer-full.png", full_page=True)
