"""Keys that sign links and forms: made when first asked for, shared by every server process."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import ServerKey

NEW_EVERY = timedelta(days=30)
LIVE = 2  # one to sign with and one whose signatures still hold


async def live_keys(database: Database, purpose: str, now: datetime) -> tuple[bytes, ...]:
    """32 bytes each, newest first: sign with the first, accept any. Makes one where there is none."""
    async with database.read() as session:
        rows = await _live(session, purpose)
    if not rows:
        async with database.write() as session:
            await advisory_lock(session, "keys")
            rows = await _live(session, purpose) or [_new(session, purpose, now)]
    return tuple(bytes.fromhex(row.value) for row in rows)


async def renew(database: Database, now: datetime) -> None:
    """A new key for each purpose whose newest is a month old; the one before stays good until the next turn.

    A link lives for 18 hours at most, so none is cut short. Safe to run twice and beside itself.
    """
    async with database.write() as session:
        await advisory_lock(session, "keys")
        for purpose in list(await session.scalars(select(ServerKey.purpose).distinct())):
            rows = await _live(session, purpose)
            if rows and now - rows[0].created_at >= NEW_EVERY:
                _new(session, purpose, now)
                for row in rows[LIVE - 1 :]:
                    row.retired_at = now


async def _live(session: AsyncSession, purpose: str) -> list[ServerKey]:
    rows = await session.scalars(
        select(ServerKey)
        .where(ServerKey.purpose == purpose, ServerKey.retired_at.is_(None))
        .order_by(ServerKey.created_at.desc(), ServerKey.id.desc())
    )
    return list(rows)


def _new(session: AsyncSession, purpose: str, now: datetime) -> ServerKey:
    row = ServerKey(id=new_id(), purpose=purpose, value=secrets.token_hex(32), created_at=now)
    session.add(row)
    return row
