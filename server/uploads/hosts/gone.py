"""Hosts that are gone for a day: their uploads end, so that the teacher can start again.

A host is gone when it gave no sign of life (`rows.last_signs`) for GONE, and the hourly task found it
silent in LOOKS looks in a row. Counting looks leaves out the hours in which the whole installation was
off: after a weekend without power no host is gone when the first one starts.
"""

from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.services import Services
from server.uploads.context import UploadContext
from server.uploads.finish import finish
from server.uploads.hosts.rows import SILENT, last_signs
from server.uploads.service import ACTIVE_STATES, abandon
from storage.database.insert import insert_new
from storage.database.tables import Host, Upload
from storage.messages import N_, Message, message
from storage.states import UploadState

log = structlog.get_logger()

LOOK_SECONDS = 3600.0
GONE = timedelta(days=1)
LOOKS = int(GONE.total_seconds() / LOOK_SECONDS)


async def look(context: UploadContext, now: datetime) -> int:
    """Count the silent hosts and end the uploads of those that are gone; returns how many those were."""
    ended = 0
    for upload in await _uploads_of_gone_hosts(context, now):
        log.warning("upload of a host that is gone", upload_id=upload.id, host=upload.host)
        await _end(context, upload, now)
        ended += 1
    return ended


async def _uploads_of_gone_hosts(context: UploadContext, now: datetime) -> list[Upload]:
    async with context.database.write() as session:
        held: dict[str, list[Upload]] = defaultdict(list)
        others = select(Upload).where(Upload.state.in_(ACTIVE_STATES), Upload.host != context.host)
        for upload in await session.scalars(others):
            held[upload.host or ""].append(upload)
        signs = await last_signs(session, held.keys())
        gone = []
        for host in sorted(held):
            silent_for = now - signs[host]
            looks = await _silent_looks(session, host, silent=silent_for >= SILENT)
            if looks >= LOOKS and silent_for >= GONE:
                gone += held[host]
    return gone


async def _silent_looks(session: AsyncSession, name: str, *, silent: bool) -> int:
    await insert_new(session, Host, name=name, silent_looks=0)
    host = await session.get_one(Host, name, with_for_update=True)
    host.silent_looks = host.silent_looks + 1 if silent else 0
    return host.silent_looks


async def _end(context: UploadContext, upload: Upload, now: datetime) -> None:
    """A whole upload may have reached the store before its host went: `finish` looks there first, and
    submits it or lets it expire. With the store unreachable it waits for the next look."""
    if upload.state == UploadState.RECEIVED:
        await finish(context, upload.id, now)
    else:
        await abandon(context, upload, UploadState.EXPIRED, now)


async def end_uploads(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Scheduled task, one for all hosts."""
    ended = await look(UploadContext.of(services), now)
    return message(N_("Uploads ended: %(count)s"), count=ended) if ended else None
