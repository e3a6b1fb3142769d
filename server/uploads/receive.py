"""Request body to disk: constant memory at any size; a broken connection keeps the bytes received."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable

from server.core.errors import TooLarge
from server.uploads.errors import ChecksumMismatch
from server.uploads.protocol import Checksum
from server.uploads.spool import SpoolWriter
from storage.messages import N_

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
