"""Request body to disk: constant memory at any size; a broken connection keeps the bytes received."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import structlog
from sqlalchemy import update

from server.core.errors import Conflict, Gone, TooLarge
from server.uploads import rules
from server.uploads.context import UploadContext
from server.uploads.errors import ENDED, ChecksumMismatch, WrongOffset
from server.uploads.protocol import Checksum
from server.uploads.service import offset_of
from server.uploads.spool import SpoolWriter
from storage.database.tables import Upload
from storage.messages import N_
from storage.states import UploadState

log = structlog.get_logger()

RECORD_SECONDS = 5.0  # between two records of a growing upload's offset in its row
BLOCK = 2**20  # bytes buffered before a thread writes them
STALL_SECONDS = 30.0  # without data, after which a connection counts as dead


class ClientDisconnected(Exception):
    """Connection closed before the end of the body."""


async def receive(
    writer: SpoolWriter, body: AsyncIterator[bytes], *, room: int, checksum: Checksum | None = None
) -> bool:
    """Append the body at the writer's offset; False when the connection broke and its bytes were kept.

    With a checksum it is all or nothing: ChecksumMismatch or a broken connection restores the old
    offset. More than `room` bytes: TooLarge, and the old offset.
    """
    start = writer.offset
    hasher = hashlib.new(checksum.algorithm) if checksum else None

    def write(block: bytearray) -> None:
        if hasher:
            hasher.update(block)
        writer.write(block)

    try:
        complete = await _copy(body, write, room)
    except TooLarge:
        writer.rollback(start)
        raise
    if checksum and hasher and not (complete and hasher.digest() == checksum.digest):
        writer.rollback(start)
        if complete:
            raise ChecksumMismatch(N_("The checksum does not match the bytes that arrived. Send them again."))
    return complete


async def _copy(body: AsyncIterator[bytes], write: Callable[[bytearray], None], room: int) -> bool:
    clock = asyncio.get_running_loop().time
    received, block = 0, bytearray()
    try:
        async with asyncio.timeout(STALL_SECONDS) as deadline:
            async for piece in body:
                received += len(piece)
                if received > room:
                    raise TooLarge(N_("The body has more bytes than the upload announced."))
                block += piece
                if len(block) >= BLOCK:
                    deadline.reschedule(None)  # a slow disk is not a dead client
                    full, block = block, bytearray()
                    await _in_thread(write, full)
                deadline.reschedule(clock() + STALL_SECONDS)
        return True
    except (ClientDisconnected, TimeoutError):
        return False
    finally:
        if block and received <= room:
            write(block)  # synchronously, because the task may be in cancellation


async def _in_thread(write: Callable[[bytearray], None], block: bytearray) -> None:
    """Wait for the write even when cancelled: the lock must not pass to another writer during it."""
    task = asyncio.ensure_future(asyncio.to_thread(write, block))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def append(
    context: UploadContext,
    upload: Upload,
    body: AsyncIterator[bytes],
    *,
    offset: int,
    length: int | None,
    checksum: Checksum | None,
    now: datetime,
) -> int:
    """Write the body at `offset` and return the new offset. `length` is its Content-Length."""
    size = upload.size or 0
    current = offset_of(context, upload)
    if offset != current:
        raise WrongOffset(N_("The upload is at byte %(offset)s. Continue from there."), offset=current)
    if length is not None and offset + length > size:
        raise TooLarge(N_("The upload was announced with %(size)s bytes; this would be more."), size=size)
    if upload.state != UploadState.OPEN or offset == size:
        return size
    offset = await _write(context, upload, body, offset, checksum)
    await _record(context, upload.id, received=offset, expires_at=rules.expiry(now, context.days))
    return offset


async def _record(context: UploadContext, upload_id: str, **values: object) -> bool:
    """False when the upload is no longer open, or was deleted with its lesson."""
    open_one = (Upload.id == upload_id) & (Upload.state == UploadState.OPEN)
    async with context.database.write() as session:
        changed = await session.scalars(update(Upload).where(open_one).values(**values).returning(Upload.id))
        return changed.first() is not None


async def _write(
    context: UploadContext, upload: Upload, body: AsyncIterator[bytes], offset: int, checksum: Checksum | None
) -> int:
    try:
        writer = await asyncio.to_thread(context.spool.open, upload.id)
    except FileNotFoundError:
        raise Conflict(N_("This upload has just ended. Ask for its offset.")) from None
    try:
        if writer.offset != offset:  # another writer appended between the check and the lock
            raise WrongOffset(
                N_("The upload is at byte %(offset)s. Continue from there."), offset=writer.offset
            )
        room = (upload.size or 0) - offset
        if checksum is None:  # with one, nothing counts before the end
            body = _recorded(context, upload.id, writer, body)
        await receive(writer, body, room=room, checksum=checksum)
        return writer.offset
    finally:
        writer.close()


async def _recorded(
    context: UploadContext, upload_id: str, writer: SpoolWriter, body: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The body; on the way the row follows the offset, for the pages of other hosts. Raises Gone when the
    upload has ended meanwhile: nobody needs the rest of a deleted lesson's file."""
    clock = asyncio.get_running_loop().time
    due = clock() + RECORD_SECONDS
    async for piece in body:
        yield piece
        if clock() >= due:
            still_open = True
            try:
                still_open = await _record(context, upload_id, received=writer.offset)
            except Exception as error:  # the bytes matter more, and the end of the request records them
                log.warning("upload offset not recorded", upload_id=upload_id, reason=str(error))
            if not still_open:
                raise Gone(ENDED)
            due = clock() + RECORD_SECONDS
