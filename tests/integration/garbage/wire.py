"""HTTP client for requests that a library would refuse to send."""

import asyncio
from contextlib import suppress

import msgspec

from tests.integration.garbage.draft import Draft

PATIENCE = 30.0  # seconds for an answer, on a loaded machine
CUT_PATIENCE = 0.1  # the same for a request without an end, before the client goes away


class Answer(msgspec.Struct, frozen=True):
    status: int  # 0: the server closed the connection
    headers: dict[str, str]
    content: bytes

    @property
    def is_ours(self) -> bool:
        """From the application: the HTTP server answers by itself what it cannot read."""
        return "x-request-id" in self.headers


GONE = Answer(0, {}, b"")


async def exchange(port: int, draft: Draft) -> Answer:
    """Send it, and read the answer, of an event stream only its head. Raises TimeoutError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    sending = asyncio.ensure_future(_send(writer, draft))
    try:
        async with asyncio.timeout(PATIENCE if draft.is_http else CUT_PATIENCE):
            return await _answer(reader, draft.method)
    except TimeoutError:
        if draft.is_http:
            raise
        return GONE
    except (asyncio.IncompleteReadError, OSError):
        return GONE
    finally:
        sending.cancel()
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, draft: Draft) -> None:
    with suppress(OSError):  # the server may refuse before the end
        writer.write(draft.wire())
        await writer.drain()


async def _answer(reader: asyncio.StreamReader, method: str) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    start, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(start.split()[1])
    if status == 100:
        return await _answer(reader, method)
    if headers.get("content-type", "").startswith("text/event-stream"):
        return Answer(status, headers, b"")
    if "content-length" in headers:
        # RFC 9110 section 8.6: of HEAD, 204 and 304 it is a length that is not sent.
        without = method == "HEAD" or status in (204, 304)
        return Answer(
            status, headers, b"" if without else await reader.readexactly(int(headers["content-length"]))
        )
    if headers.get("transfer-encoding") == "chunked" and method != "HEAD":
        return Answer(status, headers, await _chunks(reader))
    return Answer(status, headers, b"")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    content = b""
    while size := int((await reader.readline()).strip(), 16):
        content += await reader.readexactly(size)
        await reader.readline()
    return content
