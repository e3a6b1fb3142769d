"""Upload sweep of one host: completes interrupted uploads, expires abandoned ones. It leaves the uploads
of other hosts alone; `hosts/gone.py` ends those whose host does not come back."""

from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy import exists, or_, select, update

from server.services import Services
from server.uploads.context import UploadContext
from server.uploads.finish import finish
from server.uploads.hosts.rows import SILENT, last_signs
from server.uploads.service import ACTIVE_STATES, abandon
from server.uploads.spool import PART
from storage.database.tables import Upload, Video
from storage.messages import N_, Message, message
from storage.states import UploadState

log = structlog.get_logger()

ORPHAN_AGE = timedelta(hours=1)  # longer than between a file and its row, and than a form takes to be sent


class Swept(msgspec.Struct, frozen=True):
    finished: int
    expired: int
    orphans: int  # files whose upload has ended, or without a row
    claimed: int = 0  # uploads whose file turned up here


async def sweep(context: UploadContext, now: datetime) -> Swept:
    """Safe at any time and in any number of processes."""
    claimed = await claim(context, now)
    return Swept(
        finished=await finish_interrupted(context, now),
        expired=await expire(context, now),
        orphans=await remove_orphans(context, now),
        claimed=claimed,
    )


async def claim(context: UploadContext, now: datetime) -> int:
    """Make this host the holder of uploads whose files are in its spool: those of an earlier version, and
    those of a host that is silent, which was renamed or shares this folder."""
    files = [upload_id for upload_id, path in context.spool.files() if path.suffix == PART]
    if not files:
        return 0
    async with context.database.write() as session:
        foreign = or_(Upload.host.is_(None), Upload.host != context.host)
        rows = list(
            await session.scalars(
                select(Upload).where(Upload.id.in_(files), Upload.state.in_(ACTIVE_STATES), foreign)
            )
        )
        signs = await last_signs(session, {row.host for row in rows if row.host is not None})
        claimed = [row for row in rows if row.host is None or now - signs[row.host] >= SILENT]
        for row in claimed:
            log.info("upload claimed", upload_id=row.id, earlier_host=row.host)
            unchanged = Upload.host.is_(None) if row.host is None else Upload.host == row.host
            await session.execute(
                update(Upload).where(Upload.id == row.id, unchanged).values(host=context.host)
            )
    return len(claimed)


async def finish_interrupted(context: UploadContext, now: datetime) -> int:
    """Complete whole uploads whose process died, or whose store or queue was unreachable. A stored one
    needs no spool: any host submits it."""
    unsubmitted = (Upload.state == UploadState.STORED) & ~exists().where(Video.source_key == Upload.s3_key)
    own = Upload.state.in_(ACTIVE_STATES) & context.held()
    async with context.database.read() as session:
        rows = list(await session.scalars(select(Upload).where(own | unsubmitted)))
    whole = [row for row in rows if row.state != UploadState.OPEN or context.spool.size(row.id) == row.size]
    return sum([await finish(context, row.id, now) for row in whole])


async def expire(context: UploadContext, now: datetime) -> int:
    async with context.database.read() as session:
        rows = list(
            await session.scalars(
                select(Upload).where(
                    Upload.state == UploadState.OPEN, Upload.expires_at <= now, context.held()
                )
            )
        )
    for row in rows:
        log.info("upload expired", upload_id=row.id, lesson_id=row.lesson_id)
    return sum([await abandon(context, row, UploadState.EXPIRED, now) for row in rows])


async def remove_orphans(context: UploadContext, now: datetime) -> int:
    """Remove files that no active upload of any host needs: the folder may be shared with another one."""
    files = list(context.spool.files())
    async with context.database.read() as session:
        rows = await session.execute(
            select(Upload.id, Upload.state).where(Upload.id.in_({upload_id for upload_id, _ in files}))
        )
        states: dict[str, UploadState] = {row.id: row.state for row in rows}
    removed = 0
    for upload_id, path in files:
        state, part = states.get(upload_id), path.suffix == PART
        if part and state in ACTIVE_STATES:
            continue
        ended = part and state in (UploadState.EXPIRED, UploadState.CANCELLED)
        try:
            old = now.timestamp() - path.stat().st_mtime > ORPHAN_AGE.total_seconds()
        except FileNotFoundError:  # a form that arrived meanwhile
            continue
        if ended or old:
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
