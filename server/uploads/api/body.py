"""A request's body as it comes."""

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
    """Litestar says "internal error" when the client goes away; for an upload that is everyday life."""
    try:
        async for piece in request.stream():
            yield piece
    except InternalServerException as error:
        raise ClientDisconnected from error


async def drain(body: AsyncIterator[bytes]) -> None:
    """After a refusal, read on for a moment: who is still sending does not look for the answer yet,
    and would see a broken connection in its place (nginx's lingering_close)."""
    passed = 0
    with suppress(TimeoutError, ClientDisconnected):
        async with asyncio.timeout(LINGER_SECONDS):
            async for piece in body:
                passed += len(piece)
                if passed > LINGER_BYTES:
                    return
