"""Signing keys of links and forms: created on first use, shared by every server process."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import ServerKey

NEW_EVERY = timedelta(days=30)
LIVE = 2  # the key to sign with and the previous one, whose signatures are still valid


async def live_keys(database: Database, purpose: str, now: datetime) -> tuple[bytes, ...]:
    """Live keys of 32 bytes, newest first: sign with the first, accept any. Creates the first one."""
    async with database.read() as session:
        rows = await _live(session, purpose)
    if not rows:
        async with database.write() as session:
            await advisory_lock(session, "keys")
            rows = await _live(session, purpose) or [_new(session, purpose, now)]
    return tuple(bytes.fromhex(row.value) for row in rows)


async def renew(database: Database, now: datetime) -> None:
    """Rotate keys older than NEW_EVERY, by purpose. The previous key stays valid until the next rotation.

    A link lives for 18 hours at most, so none is cut short. Idempotent; safe to run concurrently.
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
