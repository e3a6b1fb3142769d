"""What the scheduler does about uploads: finish the interrupted, drop the abandoned."""

from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy import exists, select

from server.uploads.context import UploadContext
from server.uploads.finish import finish
from server.uploads.service import ACTIVE_STATES, give_up
from storage.database.tables import Upload, Video

log = structlog.get_logger()

ORPHAN_AGE = timedelta(hours=1)  # longer than a row takes to follow its file, and than a form to be sent


class Swept(msgspec.Struct, frozen=True):
    finished: int
    expired: int
    orphans: int  # files without a row


async def sweep(context: UploadContext, now: datetime) -> Swept:
    """Safe to run at any time, by any number of processes."""
    return Swept(
        finished=await finish_interrupted(context, now),
        expired=await expire(context, now),
        orphans=await remove_orphans(context, now),
    )


async def finish_interrupted(context: UploadContext, now: datetime) -> int:
    """Whole uploads whose process died, or whose store or queue was away."""
    unsubmitted = (Upload.state == "stored") & ~exists().where(Video.source_key == Upload.s3_key)
    async with context.database.read() as session:
        rows = list(
            await session.scalars(select(Upload).where(Upload.state.in_(ACTIVE_STATES) | unsubmitted))
        )
    whole = [row for row in rows if row.state != "open" or context.spool.size(row.id) == row.size]
    return sum([await finish(context, row.id, now) for row in whole])


async def expire(context: UploadContext, now: datetime) -> int:
    async with context.database.read() as session:
        rows = list(
            await session.scalars(select(Upload).where(Upload.state == "open", Upload.expires_at <= now))
        )
    for row in rows:
        log.info("an abandoned upload is dropped", upload_id=row.id, lesson_id=row.lesson_id)
    return sum([await give_up(context, row, "expired", now) for row in rows])


async def remove_orphans(context: UploadContext, now: datetime) -> int:
    async with context.database.read() as session:
        known = set(await session.scalars(select(Upload.id).where(Upload.state.in_(ACTIVE_STATES))))
    removed = 0
    for upload_id, path in context.spool.files():
        abandoned = path.suffix == ".form" or upload_id not in known
        if abandoned and now.timestamp() - path.stat().st_mtime > ORPHAN_AGE.total_seconds():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
