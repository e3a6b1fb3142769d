"""Notices for administrators: each begins and ends once, and goes out by mail and webhook as it does.

State and messages are written in one transaction, so that none is told twice and none is forgotten.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.text.formats import moment, translated
from server.core.text.i18n import gettext as _
from server.core.text.i18n import in_language
from server.institution import service as institution
from server.operations.notices.rules import Event, Look, turn
from server.outbox import service as outbox
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.locks import lock_row
from storage.database.tables import Notice, User
from storage.messages import Message
from storage.states import NoticeState, Role

SEEN_SECONDS = 1800  # after which an unchanged notice is written again, as a sign that somebody looks
FORGOTTEN = timedelta(days=2)  # without a look: the machine is gone


class OpenNotice(msgspec.Struct, frozen=True):
    key: str
    text: Message
    since: datetime


class Payload(msgspec.Struct, frozen=True):
    """What the webhook gets. Chat programs show `text` and ignore the rest."""

    text: str
    notice: str
    state: str  # began, ended
    at: datetime
    site: str


async def take(services: Services, looks: Sequence[Look], now: datetime) -> int:
    """Use case: how many notices began or ended. One transaction each, none where nothing has changed."""
    database = services.database
    async with database.read() as session:
        known = {row.name: row for row in await session.scalars(select(Notice))}
    told = 0
    for look in looks:
        if not _is_settled(known.get(look.key), look, now):
            told += await _take(database, services.settings, look, now)
    if told:
        await outbox.send_soon(database, now)
    return told


def _is_settled(row: Notice | None, look: Look, now: datetime) -> bool:
    if row is None:
        return not look.bad
    quiet = row.state is NoticeState.QUIET and row.turning_since is None and not look.bad
    return quiet and (now - row.seen_at).total_seconds() < SEEN_SECONDS


async def _take(database: Database, settings: Settings, look: Look, now: datetime) -> bool:
    async with database.write() as session:
        await insert_new(session, Notice, name=look.key, state=NoticeState.QUIET, text=look.text, seen_at=now)
        row = await lock_row(session, Notice, look.key)
        if row is None:  # forgotten meanwhile; the next look begins anew
            return False
        after = turn(row.state, row.turning_since, look, now)
        row.state, row.turning_since = after.state, after.turning_since
        row.text, row.seen_at = look.text, now
        if after.event is Event.BEGAN:
            row.began_at, row.ended_at = now, None
        elif after.event is Event.ENDED:
            row.ended_at = now
        if after.event:
            await _announce(session, settings, look, after.event, now)
        return after.event is not None


async def _announce(
    session: AsyncSession, settings: Settings, look: Look, event: Event, now: datetime
) -> None:
    """Step: a mail to each administrator, and a post to the webhook, as far as they are set."""
    place = await institution.shown(session)
    address = f"{settings.public_url}/admin"
    with in_language(settings.language or place.language):
        text = translated(look.text if event is Event.BEGAN else look.over)
        subject = f"{place.name}: {text}"
        seen = _("Seen %(moment)s. Everything else is on the administration page:") % {
            "moment": moment(now, place.time_zone)
        }
    if settings.smtp_url:
        recipients = await session.scalars(
            select(User.email).where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
        )
        body = f"{text}\n\n{seen}\n{address}\n"
        await outbox.put_mails(session, [outbox.Mail(email, subject, body) for email in recipients], now)
    if settings.webhook_url:
        payload = Payload(f"{subject}\n{address}", look.key, event, now, settings.public_url)
        await outbox.put_post(session, subject, msgspec.json.encode(payload).decode(), now)


async def shown(session: AsyncSession) -> list[OpenNotice]:
    """Step: notices that go on, oldest first."""
    rows = await session.scalars(
        select(Notice).where(Notice.state == NoticeState.OPEN).order_by(Notice.began_at, Notice.name)
    )
    return [OpenNotice(row.name, row.text, row.began_at or row.seen_at) for row in rows]


async def forget_unseen(database: Database, now: datetime) -> None:
    """Use case: delete notices of machines that are gone."""
    unseen = Notice.seen_at < now - FORGOTTEN
    async with database.read() as session:
        if await session.scalar(select(Notice.name).where(unseen).limit(1)) is None:
            return
    async with database.write() as session:
        await session.execute(delete(Notice).where(unseen))
