"""A request's body as it comes."""

from collections.abc import AsyncIterator

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import InternalServerException

from server.uploads.receive import Cut

AnyRequest = Request[object, object, State]


async def body_of(request: AnyRequest) -> AsyncIterator[bytes]:
    """Litestar says "internal error" when the client goes away; for an upload that is everyday life."""
    try:
        async for piece in request.stream():
            yield piece
    except InternalServerException as error:
        raise Cut from error
