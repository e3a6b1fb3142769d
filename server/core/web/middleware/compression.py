"""gzip middleware for text. Media are compressed already; an event stream must not be buffered."""

import zlib

from litestar import Request
from litestar.datastructures import MutableScopeHeaders, State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseBodyEvent, Message, Receive, Scope, Send

TYPES = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/javascript",
    "application/vnd.apple.mpegurl",
    "application/vnd.oai.openapi",
    "image/svg+xml",
)
EVENT_STREAM = "text/event-stream"
MIN_BYTES = 600  # a smaller body takes one packet either way
LEVEL = 5
GZIP_WBITS = 31  # zlib's window bits for the gzip format


class TextCompression(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[object, object, State] = Request(scope)
        if "gzip" in request.headers.get("accept-encoding", "") and request.method != "HEAD":
            send = _GzipSend(send)
        await next_app(scope, receive, send)


class _GzipSend:
    """ASGI `send` that delays the response start until the first body part shows whether gzip pays."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.compressor: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            self.start = message
        elif message["type"] == "http.response.body" and (self.start or self.compressor):
            await self._body(message)
        else:
            await self._release()
            await self.send(message)

    async def _body(self, message: HTTPResponseBodyEvent) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self.start is not None:
            if more or len(body) >= MIN_BYTES:
                self.compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WBITS)
                _set_gzip_headers(self.start)
            await self._release()
        if self.compressor is not None:
            body = self.compressor.compress(body) + (b"" if more else self.compressor.flush())
        compressed: HTTPResponseBodyEvent = {"type": "http.response.body", "body": body, "more_body": more}
        await self.send(compressed)

    async def _release(self) -> None:
        start, self.start = self.start, None
        if start is not None:
            await self.send(start)


def _is_text(message: Message) -> bool:
    headers = MutableScopeHeaders.from_message(message)
    kind = headers.get("content-type", "")
    plain = message["status"] == 200 and "content-encoding" not in headers  # type: ignore[typeddict-item]
    if "accept-ranges" in headers:  # ranges count the bytes of the file as it is
        return False
    return plain and kind.startswith(TYPES) and not kind.startswith(EVENT_STREAM)


def _set_gzip_headers(start: Message) -> None:
    headers = MutableScopeHeaders.from_message(start)
    headers["content-encoding"] = "gzip"
    headers.add("vary", "accept-encoding")
    if "content-length" in headers:
        del headers["content-length"]
    etag = headers.get("etag")
    if etag and not etag.startswith("W/"):
        headers["etag"] = f"W/{etag}"  # the compressed bytes are another representation
