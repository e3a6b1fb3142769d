"""Pruning of job rows that are no longer needed."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select

from storage.database.engine import Database
from storage.database.tables import Job, Video
from storage.states import RevisionState

KEPT = timedelta(days=30)  # after the revision has finished, for diagnosis
BATCH = 20  # revisions per transaction


async def prune(database: Database, now: datetime) -> int:
    """Delete job rows of ready and cancelled revisions; returns their number. Failed ones may be retried."""
    published = and_(Video.state == RevisionState.READY, Video.published.is_not(None))
    finished = (
        select(Video.id)
        .where(
            Video.finished_at < now - KEPT,
            Video.mending.is_(None),
            or_(published, Video.state == RevisionState.CANCELLED),
            Video.id.in_(select(Job.video_id)),
        )
        .limit(BATCH)
    )
    deleted = 0
    while True:
        async with database.write() as session:
            ids = list(await session.scalars(finished))
            gone = await session.execute(delete(Job).where(Job.video_id.in_(ids)).returning(Job.id))
            deleted += len(gone.all())
        if not ids:
            return deleted
