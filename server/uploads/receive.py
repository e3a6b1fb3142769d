"""A request's body to disk: constant memory at any size, and a cut connection keeps what arrived."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable

from server.core.errors import TooLarge
from server.uploads.errors import ChecksumMismatch
from server.uploads.protocol import Checksum
from server.uploads.spool import SpoolWriter

BLOCK = 2**20  # bytes gathered before a thread writes them
STALL_SECONDS = 30.0  # a connection that brings nothing for so long is taken for dead


class ClientDisconnected(Exception):
    """The connection ended before its body did."""


async def receive(
    writer: SpoolWriter, body: AsyncIterator[bytes], *, room: int, checksum: Checksum | None = None
) -> bool:
    """Append the body at the writer's offset; False when it was cut and its beginning kept.

    With a checksum it is all or nothing: ChecksumMismatch, or a cut, leave the old offset.
    More than `room` bytes: TooLarge, and the old offset.
    """
    start = writer.offset
    hasher = hashlib.new(checksum.algorithm) if checksum else None

    def write(block: bytearray) -> None:
        if hasher:
            hasher.update(block)
        writer.write(block)

    try:
        whole = await _copy(body, write, room)
    except TooLarge:
        writer.rollback(start)
        raise
    if checksum and hasher and not (whole and hasher.digest() == checksum.digest):
        writer.rollback(start)
        if whole:
            raise ChecksumMismatch("The checksum does not match the bytes that arrived. Send them again.")
    return whole


async def _copy(body: AsyncIterator[bytes], write: Callable[[bytearray], None], room: int) -> bool:
    clock = asyncio.get_running_loop().time
    taken, block = 0, bytearray()
    try:
        async with asyncio.timeout(STALL_SECONDS) as deadline:
            async for piece in body:
                taken += len(piece)
                if taken > room:
                    raise TooLarge("More bytes came than the upload announced.")
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
        if block and taken <= room:
            write(block)  # here and now, even while the task is being cancelled


async def _in_thread(write: Callable[[bytearray], None], block: bytearray) -> None:
    """Waits for the write even when cancelled: the file must not change hands under the thread."""
    task = asyncio.ensure_future(asyncio.to_thread(write, block))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
