"""Proof of delivery: which segments were sent to whose token, a bit each (spec section 4).

Noted in memory by `playback.delivery` and written once a second, so that a server that is killed loses a
second of them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.playback import tokens
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import SegmentDelivery, Video

log = structlog.get_logger(__name__)

WRITE_SECONDS = 1.0
BATCH = 500  # rows of one transaction

Noted = dict[tuple[str, str], int]  # (video, scope) -> bits


class Deliveries:
    """Segments delivered by this process that are not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: Noted = defaultdict(int)
        self._task: asyncio.Task[None] | None = None

    def note(self, video_id: str, scope: bytes, number: int) -> None:
        self._noted[video_id, scope.hex()] |= 1 << number
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_later())

    async def _write_later(self) -> None:
        await asyncio.sleep(WRITE_SECONDS)
        self._task = None
        await self.write()

    async def write(self) -> None:
        """Write what was noted. What cannot be written is kept for the next time."""
        noted, self._noted = self._noted, defaultdict(int)
        keys = sorted(noted)
        for batch in (keys[at : at + BATCH] for at in range(0, len(keys), BATCH)):
            try:
                async with self._database.write() as session:
                    await _write(session, {key: noted[key] for key in batch})
            except Exception as error:
                log.warning("delivered segments not written", count=len(batch), error=repr(error))
                for key in batch:
                    self._noted[key] |= noted[key]

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        await self.write()


async def _write(session: AsyncSession, noted: Mapping[tuple[str, str], int]) -> None:
    """Step: add bits to the rows. Of deleted videos, nothing is kept."""
    videos = {video_id for video_id, _ in noted}
    there = set(await session.scalars(select(Video.id).where(Video.id.in_(sorted(videos)))))
    rows = [
        {"video_id": video_id, "scope": scope, "bits": b""} for video_id, scope in noted if video_id in there
    ]
    await insert_new_rows(session, SegmentDelivery, rows)
    known = await session.scalars(
        select(SegmentDelivery)
        .where(tuple_(SegmentDelivery.video_id, SegmentDelivery.scope).in_(sorted(noted)))
        .order_by(SegmentDelivery.video_id, SegmentDelivery.scope)
        .with_for_update()
    )
    for row in known:
        bits = int.from_bytes(row.bits, "little") | noted[row.video_id, row.scope]
        row.bits = bits.to_bytes(-(-bits.bit_length() // 8), "little")


async def delivered_bits(session: AsyncSession, video_id: str, user_id: str) -> bytes:
    """Step: bits of the segments of a video that were delivered to a person."""
    scope = tokens.scope(user_id).hex()
    row = await session.get(SegmentDelivery, (video_id, scope))
    return row.bits if row else b""
