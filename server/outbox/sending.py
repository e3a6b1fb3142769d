"""Scheduled task that sends what the outbox holds, one message after the other.

A message is claimed by moving its next attempt on, which is committed before it is handed over: a process
that is killed meanwhile leaves a message that is tried again later, and no other process takes it at once.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog
from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from server import addresses
from server.outbox import rules, service
from server.outbox.channels import Channel, NotSet, Outgoing, Refused, Unavailable
from server.outbox.smtp import MailChannel
from server.outbox.webhook import WebhookChannel
from server.services import Services
from server.settings import PREFIX, Settings
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import OutboxMessage
from storage.messages import N_, Message, message
from storage.states import OutboxKind, OutboxState

log = structlog.get_logger(__name__)

READ_AT_ONCE = 100  # ids


async def send_due(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Send the messages that are due, until none is left."""
    if not await _any_waits(services.database):  # an idle installation writes nothing
        return None
    started = monotonic()
    sent = 0
    await _give_up(services.database, now)
    for kind, channel in channels(services.settings).items():
        sender = Sender(services.database, kind, channel, lambda: now + _passed(started))
        try:
            sent += await sender.send_all()
        finally:
            await asyncio.to_thread(channel.close)
    return message(N_("Sent: %(count)s"), count=sent) if sent else None


async def prune(services: Services, _slot: datetime, now: datetime) -> None:
    await service.prune(services.database, now)


def channels(settings: Settings) -> dict[OutboxKind, Channel]:
    mail: Channel = NotSet(f"{PREFIX}SMTP_URL")
    if settings.smtp_url:
        server, sender = addresses.mail_server(settings.smtp_url), addresses.sender(settings.mail_from)
        mail = MailChannel(server, sender)
    post: Channel = NotSet(f"{PREFIX}WEBHOOK_URL")
    if settings.webhook_url:
        post = WebhookChannel(settings.webhook_url, settings.webhook_secret)
    return {OutboxKind.MAIL: mail, OutboxKind.WEBHOOK: post}


def _passed(started: float) -> timedelta:
    return timedelta(seconds=monotonic() - started)


class Sender:
    """Sends the messages of one channel."""

    def __init__(
        self, database: Database, kind: OutboxKind, channel: Channel, now: Callable[[], datetime]
    ) -> None:
        self._database, self._kind, self._channel, self._now = database, kind, channel, now

    async def send_all(self) -> int:
        """How many were sent. Ends early when nothing can be sent."""
        sent = 0
        while due := await self._due():
            for message_id in due:
                handing = asyncio.ensure_future(self._send(message_id))
                try:
                    sent += await asyncio.shield(handing)
                except asyncio.CancelledError:  # the scheduler stops: what is being handed over is recorded
                    await asyncio.wait([handing])
                    raise
                except Unavailable as away:
                    await self._postpone(message_id, away.message)
                    return sent
        return sent

    async def _due(self) -> list[str]:
        query = select(OutboxMessage.id).where(self._is_due(self._now()))
        async with self._database.read() as session:
            ordered = query.order_by(OutboxMessage.created_at, OutboxMessage.id).limit(READ_AT_ONCE)
            return list(await session.scalars(ordered))

    def _is_due(self, now: datetime) -> ColumnElement[bool]:
        return and_(
            OutboxMessage.kind == self._kind,
            OutboxMessage.state == OutboxState.WAITING,
            OutboxMessage.next_try <= now,
        )

    async def _send(self, message_id: str) -> bool:
        claimed = await self._claim(message_id)
        if claimed is None:
            return False
        try:
            await asyncio.to_thread(self._channel.send, claimed)
        except Refused as refused:
            log.warning("message refused", message=message_id, reason=str(refused), for_good=refused.for_good)
            failed = {"state": OutboxState.FAILED, "body": ""} if refused.for_good else {}
            await self._update(message_id, last_error=refused.message, **failed)
            return False
        await self._update(message_id, state=OutboxState.SENT, sent_at=self._now(), body="", last_error=None)
        return True

    async def _claim(self, message_id: str) -> Outgoing | None:
        """The message, if it is still due; of several processes, one gets it."""
        async with self._database.write() as session:
            row = await lock_row(session, OutboxMessage, message_id)
            now = self._now()
            if row is None or row.state is not OutboxState.WAITING or row.next_try > now:
                return None
            row.attempts += 1
            row.next_try = now + rules.wait(row.attempts)
            return Outgoing(row.id, row.recipient, row.subject, row.body, row.created_at)

    async def _update(self, message_id: str, **values: object) -> None:
        """A message that was withdrawn meanwhile is gone."""
        async with self._database.write() as session:
            await session.execute(
                update(OutboxMessage)
                .where(OutboxMessage.id == message_id, OutboxMessage.state == OutboxState.WAITING)
                .values(**values)
            )

    async def _postpone(self, message_id: str, reason: Message) -> None:
        """Everything that is due waits; none of it counts an attempt but the one that found out."""
        log.warning("messages wait", kind=self._kind, reason=str(reason))
        now = self._now()
        async with self._database.write() as session:
            await session.execute(
                update(OutboxMessage)
                .where(or_(OutboxMessage.id == message_id, self._is_due(now)))
                .where(OutboxMessage.state == OutboxState.WAITING)
                .values(next_try=now + rules.AWAY, last_error=reason)
            )


async def _any_waits(database: Database) -> bool:
    async with database.read() as session:
        waiting = select(exists().where(OutboxMessage.state == OutboxState.WAITING))
        return bool(await session.scalar(waiting))


async def _give_up(database: Database, now: datetime) -> None:
    async with database.write() as session:
        given_up = await session.scalars(
            update(OutboxMessage)
            .where(OutboxMessage.state == OutboxState.WAITING, OutboxMessage.created_at < now - rules.GIVE_UP)
            .values(state=OutboxState.FAILED, body="")
            .returning(OutboxMessage.id)
        )
        for message_id in given_up:
            log.warning("message given up", message=message_id)
