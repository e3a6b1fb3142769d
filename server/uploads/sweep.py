"""Upload sweep: completes interrupted uploads, expires abandoned ones."""

from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy import exists, select

from server.services import Services
from server.uploads.context import UploadContext
from server.uploads.finish import finish
from server.uploads.service import ACTIVE_STATES, abandon
from storage.database.tables import Upload, Video
from storage.messages import N_, Message, message
from storage.states import UploadState

log = structlog.get_logger()

ORPHAN_AGE = timedelta(hours=1)  # longer than between a file and its row, and than a form takes to be sent


class Swept(msgspec.Struct, frozen=True):
    finished: int
    expired: int
    orphans: int  # files without a row


async def sweep(context: UploadContext, now: datetime) -> Swept:
    """Safe at any time and in any number of processes."""
    return Swept(
        finished=await finish_interrupted(context, now),
        expired=await expire(context, now),
        orphans=await remove_orphans(context, now),
    )


async def finish_interrupted(context: UploadContext, now: datetime) -> int:
    """Complete whole uploads whose process died, or whose store or queue was unreachable."""
    unsubmitted = (Upload.state == UploadState.STORED) & ~exists().where(Video.source_key == Upload.s3_key)
    async with context.database.read() as session:
        rows = list(
            await session.scalars(select(Upload).where(Upload.state.in_(ACTIVE_STATES) | unsubmitted))
        )
    whole = [row for row in rows if row.state != UploadState.OPEN or context.spool.size(row.id) == row.size]
    return sum([await finish(context, row.id, now) for row in whole])


async def expire(context: UploadContext, now: datetime) -> int:
    async with context.database.read() as session:
        rows = list(
            await session.scalars(
                select(Upload).where(Upload.state == UploadState.OPEN, Upload.expires_at <= now)
            )
        )
    for row in rows:
        log.info("upload expired", upload_id=row.id, lesson_id=row.lesson_id)
    return sum([await abandon(context, row, UploadState.EXPIRED, now) for row in rows])


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


async def sweep_spool(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task of each host: its own spool."""
    swept = msgspec.structs.asdict(await sweep(UploadContext.of(services), now))
    if not any(swept.values()):
        return None
    log.info("uploads swept", **swept)
    return message(N_("Completed: %(finished)s, expired: %(expired)s, files removed: %(orphans)s"), **swept)
