"""Request body as a stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import InternalServerException

from server.uploads.receive import ClientDisconnected

AnyRequest = Request[object, object, State]

LINGER_SECONDS, LINGER_BYTES = 5.0, 64 * 2**20


async def body_of(request: AnyRequest) -> AsyncIterator[bytes]:
    """Body chunks. Raises ClientDisconnected, where Litestar raises an internal error: for an upload a
    disconnect is normal."""
    try:
        async for piece in request.stream():
            yield piece
    except InternalServerException as error:
        raise ClientDisconnected from error


async def drain(body: AsyncIterator[bytes]) -> None:
    """Lingering read after a refusal, as nginx's lingering_close: a client that is still sending does not
    read the response yet, and would see a broken connection instead."""
    drained = 0
    with suppress(TimeoutError, ClientDisconnected):
        async with asyncio.timeout(LINGER_SECONDS):
            async for piece in body:
                drained += len(piece)
                if drained > LINGER_BYTES:
                    return
