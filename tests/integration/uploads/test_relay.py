"""Relay of a request to another host's server, against servers that behave badly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from server.uploads.hosts import relay as relay_module
from server.uploads.hosts.relay import Answer, Unreachable, relay
from server.uploads.receive import ClientDisconnected

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSAL = b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 4\r\nUpload-Offset: 3\r\n\r\nfull"


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    connections: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*(task for task in connections if task), return_exceptions=True)


async def ask(address: str, body: AsyncIterator[bytes] | None = None) -> Answer:
    return await relay(address, "PATCH" if body else "HEAD", "/x", {"content-length": "9"}, body)


async def silent_after(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    await asyncio.Event().wait()


async def broken_after(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
    raise ClientDisconnected


async def test_answer_in_the_middle_of_the_body() -> None:
    """The client sends no more, and the other server says so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONTINUE)
        assert await reader.readexactly(3) == b"abc"
        writer.write(REFUSAL)

    async with serving(serve) as address:
        answer = await asyncio.wait_for(ask(address, silent_after(b"abc")), 10)
    assert (answer.status, answer.headers["upload-offset"], answer.body) == (507, "3", b"full")


async def test_refusal_costs_no_body() -> None:
    read: list[bytes] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REFUSAL)

    async def body() -> AsyncIterator[bytes]:
        read.append(b"abc")
        yield b"abc"

    async with serving(serve) as address:
        assert (await asyncio.wait_for(ask(address, body()), 10)).status == 507
    assert read == []


async def test_client_disconnect_ends_the_inner_request_after_its_bytes() -> None:
    arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONTINUE)
        arrived.set_result(await reader.read(-1))

    async with serving(serve) as address:
        with pytest.raises(ClientDisconnected):
            await ask(address, broken_after(b"x" * 100_000))
        assert await asyncio.wait_for(arrived, 10) == b"x" * 100_000


@pytest.mark.parametrize("said", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
async def test_broken_answer(said: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with serving(serve) as address:
        with pytest.raises(Unreachable):
            await ask(address, silent_after())


async def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "ANSWER_SECONDS", 0.05)

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with serving(serve) as address:
        for body in (None, silent_after()):
            with pytest.raises(Unreachable):
                await ask(address, body)


async def test_server_that_does_not_keep_up_holds_the_client_back() -> None:
    taken, sent = asyncio.Event(), 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 100_000
            yield bytes(100_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONTINUE)
        await taken.wait()
        while await reader.read(2**20):
            pass

    async with serving(serve) as address:
        asking = asyncio.create_task(relay(address, "PATCH", "/x", {"content-length": "100000000"}, body()))
        before = -1
        while sent == 0 or sent != before:  # until no more is taken from the client
            before = sent
            await asyncio.sleep(0.2)
        assert sent < 20_000_000
        asking.cancel()
        taken.set()
        await asyncio.gather(asking, return_exceptions=True)


async def test_nobody_listens() -> None:
    with pytest.raises(Unreachable):
        await ask("http://127.0.0.1:1")
