"""Outbox: mails and webhook posts, written in the transaction that causes them and sent by a scheduled task.

A server that is away or a process that is killed loses none; in the worst case one goes out twice.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core import schedule
from server.outbox import rules
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import OutboxMessage
from storage.messages import Message
from storage.states import OutboxKind, OutboxState

TASK = "outbox"
SHOWN = 20  # messages of each kind on the administration page


class Mail(msgspec.Struct, frozen=True):
    recipient: str
    subject: str
    body: str
    about: str | None = None  # what it is withdrawn by


class Trouble(msgspec.Struct, frozen=True):
    """A message that was given up, or that waits after an attempt."""

    kind: OutboxKind
    recipient: str
    subject: str
    created_at: datetime
    reason: Message | None


class Figures(msgspec.Struct, frozen=True):
    waiting: int
    oldest: datetime | None  # of those that wait
    delayed: list[Trouble]
    failed: list[Trouble]


async def put_mails(session: AsyncSession, mails: Sequence[Mail], now: datetime) -> None:
    """Step. Each goes out once the transaction is committed."""
    if mails:
        rows = [_row(OutboxKind.MAIL, mail, now) for mail in mails]
        await session.execute(insert(OutboxMessage), rows)


async def put_post(session: AsyncSession, subject: str, body: str, now: datetime) -> None:
    """Step: a post of `body`, which is JSON, to the webhook."""
    row = _row(OutboxKind.WEBHOOK, Mail("", subject, body), now)
    await session.execute(insert(OutboxMessage), [row])


def _row(kind: OutboxKind, mail: Mail, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "kind": kind,
        "recipient": mail.recipient,
        "subject": " ".join(mail.subject.split()),  # a line end would begin another header
        "body": mail.body,
        "about": mail.about,
        "created_at": now,
        "state": OutboxState.WAITING,
        "attempts": 0,
        "next_try": now,
    }


async def withdraw(session: AsyncSession, abouts: Collection[str]) -> None:
    """Step: messages that have not gone out yet do not go out, such as one with a link that has ended."""
    await session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.about.in_(abouts), OutboxMessage.state == OutboxState.WAITING
        )
    )


async def send_soon(database: Database, now: datetime) -> None:
    """Use case: the task runs within seconds. Nothing depends on it."""
    await schedule.run_now(database, TASK, now)


async def prune(database: Database, now: datetime) -> None:
    """Use case: delete old records."""
    async with database.write() as session:
        await session.execute(
            delete(OutboxMessage).where(
                OutboxMessage.state != OutboxState.WAITING, OutboxMessage.created_at < now - rules.KEPT
            )
        )


async def figures(session: AsyncSession) -> Figures:
    """Step."""
    is_waiting = OutboxMessage.state == OutboxState.WAITING
    waiting, oldest = (
        await session.execute(select(func.count(), func.min(OutboxMessage.created_at)).where(is_waiting))
    ).one()
    delayed = select(OutboxMessage).where(is_waiting, OutboxMessage.last_error.is_not(None))
    failed = select(OutboxMessage).where(OutboxMessage.state == OutboxState.FAILED)
    newest = OutboxMessage.created_at.desc()
    return Figures(
        waiting=waiting,
        oldest=oldest,
        delayed=[_trouble(row) for row in await session.scalars(delayed.order_by(newest).limit(SHOWN))],
        failed=[_trouble(row) for row in await session.scalars(failed.order_by(newest).limit(SHOWN))],
    )


def _trouble(row: OutboxMessage) -> Trouble:
    return Trouble(row.kind, row.recipient, row.subject, row.created_at, row.last_error)
