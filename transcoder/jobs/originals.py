"""Removal of old originals: marked by age, kept for 30 days in which it can be undone, then deleted.

Only originals of ready revisions: every other one is still needed for an encode or a retry.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ScalarSelect, Select, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage import deletions
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import Lesson, ObjectDeletion, OriginalRemoval, Video
from storage.states import OriginalState, RevisionState
from transcoder.jobs import revisions

UNDO_TIME = timedelta(days=30)  # between marking and deletion
BATCH = 200  # rows per transaction


class Marked(msgspec.Struct, frozen=True):
    count: int = 0
    bytes: int = 0


async def mark_old(database: Database, days: int, now: datetime) -> Marked:
    """Mark the originals of lectures that have been ready for more than `days`. Safe to repeat."""
    count = size = 0
    while True:
        async with database.write() as session:
            found = (await session.execute(_markable(now - timedelta(days=days)).limit(BATCH))).all()
            rows = [
                {"video_id": row.id, "state": OriginalState.MARKED, "marked_at": now, "changed_at": now}
                for row in found
            ]
            added = {key for (key,) in await insert_new_rows(session, OriginalRemoval, rows)}
        count += len(added)
        size += sum(row.source_bytes for row in found if row.id in added)
        if not added:
            return Marked(count, size)


def _markable(finished_before: datetime) -> Select[str, int]:
    """Ready revisions that learners see, unless a newer one is being encoded or their objects are going."""
    newer = aliased(Video)
    return (
        select(Video.id, Video.source_bytes)
        .join(Lesson, Lesson.video_id == Video.id)
        .where(
            Video.state == RevisionState.READY,
            Video.published.is_not(None),
            Video.finished_at < finished_before,
            ~exists().where(OriginalRemoval.video_id == Video.id),
            ~exists().where(ObjectDeletion.prefix == Video.source_key),
            ~exists().where(newer.lesson_id == Lesson.id, newer.state.in_(revisions.ACTIVE)),
        )
        .order_by(Video.id)
    )


async def remove_due(database: Database, now: datetime) -> int:
    """Schedule the originals whose time for undoing has passed for deletion; returns their number.

    The row and the scheduled deletion are one transaction, so a crash leaves both or neither.
    """
    due = select(OriginalRemoval.video_id).where(
        OriginalRemoval.state == OriginalState.MARKED, OriginalRemoval.marked_at <= now - UNDO_TIME
    )
    async with database.read() as session:
        ids = list(await session.scalars(due.order_by(OriginalRemoval.video_id)))
    return sum([await _remove(database, video_id, now) for video_id in ids])


async def _remove(database: Database, video_id: str, now: datetime) -> bool:
    async with database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None or video.state != RevisionState.READY or video.mending is not None:
            return False
        removed = await session.scalar(
            update(OriginalRemoval)
            .where(OriginalRemoval.video_id == video_id, OriginalRemoval.state == OriginalState.MARKED)
            .values(state=OriginalState.REMOVED, changed_at=now)
            .returning(OriginalRemoval.video_id)
        )
        if removed is None:  # kept meanwhile
            return False
        await deletions.schedule(session, [video.source_key], now + deletions.GRACE)
        lesson = await session.get(Lesson, video.lesson_id, with_for_update=True)
        if lesson is not None and lesson.video_original_url == video.source_key:
            lesson.video_original_url = None
    return True


async def keep(database: Database, video_ids: Collection[str] | None, now: datetime) -> int:
    """Undo: keep these marked originals for good, or all of them (None); returns their number."""
    marked = OriginalRemoval.state == OriginalState.MARKED
    chosen = marked if video_ids is None else marked & OriginalRemoval.video_id.in_(video_ids)
    async with database.write() as session:
        kept = await session.scalars(
            update(OriginalRemoval)
            .where(chosen)
            .values(state=OriginalState.KEPT, changed_at=now)
            .returning(OriginalRemoval.video_id)
            .execution_options(synchronize_session=False)
        )
        return len(kept.all())


async def unmark_younger(session: AsyncSession, days: int | None, now: datetime) -> None:
    """Step: after the limit was raised or lifted (None), what it no longer reaches is not marked any more."""
    unmarked = delete(OriginalRemoval).where(OriginalRemoval.state == OriginalState.MARKED)
    if days is not None:
        old = _finished_before(now - timedelta(days=days))
        unmarked = unmarked.where(OriginalRemoval.video_id.not_in(old))
    await session.execute(unmarked.execution_options(synchronize_session=False))


def _finished_before(moment: datetime) -> ScalarSelect[str]:
    return select(Video.id).where(Video.finished_at < moment).scalar_subquery()


async def removal_of(session: AsyncSession, video_id: str | None) -> OriginalRemoval | None:
    """Step: what became of the revision's original; None: it is stored."""
    return await session.get(OriginalRemoval, video_id) if video_id else None
