"""Keys that sign links and forms: made when first asked for, shared by every server process."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import ServerKey

LIVE = 2  # one to sign with and one whose signatures still hold


async def live_keys(database: Database, purpose: str, now: datetime) -> tuple[bytes, ...]:
    """32 bytes each, newest first: sign with the first, accept any. Makes one where there is none."""
    async with database.read() as session:
        rows = await _live(session, purpose)
    if not rows:
        async with database.write() as session:
            rows = await _live(session, purpose) or [_new(session, purpose, now)]
    return tuple(bytes.fromhex(row.value) for row in rows)


async def rotate(database: Database, purpose: str, now: datetime) -> None:
    """A new key to sign with. The one before stays good until the next turn."""
    async with database.write() as session:
        rows = [_new(session, purpose, now), *await _live(session, purpose)]
        for row in rows[LIVE:]:
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
