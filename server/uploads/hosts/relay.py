"""Relay of one request to another host's server: HTTP/1.1 on streams, with the body in constant memory.

The body follows when the other server asks for it (`Expect: 100-continue`), so that a refusal costs no part
of 50 MB; and the answer is read while the body is sent, since a full disk or a silent client ends it early.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0  # until the next step of the other server, which may be waiting for its disk
CONTINUE, END_OF_HEAD = b"HTTP/1.1 100 ", b"\r\n\r\n"
ANSWER_BYTES = 2**20  # an answer to tus has only headers or a sentence


class Unreachable(Exception):
    """The other server did not accept or did not answer the request. `str()` is for the log."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes


async def relay(
    address: str, method: str, path: str, headers: Mapping[str, str], body: AsyncIterator[bytes] | None
) -> Answer:
    """Send the request and return the answer. An error that `body` raises ends the request as a broken
    connection, after everything before it was sent. Raises Unreachable."""
    reader, writer = await _connect(address)
    chunked = body is not None and "content-length" not in headers
    writer.write(_head(method, path, headers, expects=body is not None, chunked=chunked))
    wanted = asyncio.Event()
    sending = asyncio.create_task(_send(writer, body, wanted, chunked=chunked))
    answering = asyncio.create_task(_read(reader, method, wanted))
    try:
        await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            with suppress(ConnectionError):  # a server that refuses early closes; its answer says why
                sending.result()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await answering
    except (OSError, EOFError, TimeoutError, HTTPException) as error:
        writer.transport.abort()
        raise Unreachable(f"{address}: {type(error).__name__}: {error}") from error
    finally:
        for task in (sending, answering):
            task.cancel()
        await asyncio.gather(sending, answering, return_exceptions=True)
        writer.close()  # after the bytes that are still in its buffer


def _head(method: str, path: str, headers: Mapping[str, str], *, expects: bool, chunked: bool) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines += ["expect: 100-continue"] if expects else []
    lines += ["transfer-encoding: chunked"] if chunked else []
    lines += ["connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncio.open_connection(
                parts.hostname, parts.port or (443 if secure else 80), ssl=secure or None
            )
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"{address}: {type(error).__name__}: {error}") from error


async def _send(
    writer: asyncio.StreamWriter, body: AsyncIterator[bytes] | None, wanted: asyncio.Event, *, chunked: bool
) -> None:
    """`drain` waits while the other server does not keep up: so does the client, whose bytes are not read."""
    if body is not None:
        async with asyncio.timeout(ANSWER_SECONDS):
            await wanted.wait()
        async for piece in body:
            if chunked and piece:
                writer.writelines((b"%x\r\n" % len(piece), piece, b"\r\n"))
            else:
                writer.write(piece)
            async with asyncio.timeout(ANSWER_SECONDS):
                await writer.drain()
    if chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _read(reader: asyncio.StreamReader, method: str, wanted: asyncio.Event) -> Answer:
    """Whole answer, to the end of the connection. Sets `wanted` at the interim answer 100."""
    data = bytearray()
    with suppress(
        ConnectionError
    ):  # a refusal in the middle of the body ends in a reset; parsed if it is whole
        while piece := await reader.read(65536):
            data += piece
            if data.startswith(CONTINUE) and data.endswith(END_OF_HEAD):
                wanted.set()
            if len(data) > ANSWER_BYTES:
                raise HTTPException("the answer is too long")
    source: Any = _Received(bytes(data))
    response = HTTPResponse(source, method=method)
    response.begin()  # skips the interim answer
    return Answer(response.status, response.headers, response.read())


class _Received:
    """Bytes of an answer in the place of the socket that HTTPResponse reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
