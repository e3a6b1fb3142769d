"""Thousands of connections from one address, on which nothing comes, and a visitor from another."""

import asyncio
import re
import time

from server.core.web.middleware.limits.connection_limit import INTERVAL, PER_ADDRESS
from server.processes.web import MAX_REQUESTS
from tests.fixtures.server_process import Campus
from tests.fixtures.waiting import wait_until

VISIT = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ATTACKER, VISITOR = "127.0.0.2", "127.0.0.3"


async def connect(campus: Campus, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", campus.server.port, local_addr=(address, 0))


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The answer's first line, on a connection that stays open."""
    writer.write(VISIT.replace(b"Connection: close\r\n", b""))
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    return head.splitlines()[0]


async def test_connection_in_use_stays_open(campus: Campus) -> None:
    """Also of the address that has too many: silent ones are closed first."""
    used = await connect(campus, ATTACKER)
    assert b" 200 " in await ask(*used)
    held = [(await connect(campus, ATTACKER))[1] for _ in range(PER_ADDRESS + 200)]
    try:
        await wait_until(lambda: "too many connections" in campus.server.log.read_text())
        await asyncio.sleep(3 * INTERVAL)
        assert b" 200 " in await ask(*used)
    finally:
        for writer in (*held, used[1]):
            writer.transport.abort()


async def test_silent_connections_leave_room(campus: Campus) -> None:
    held = [(await connect(campus, ATTACKER))[1] for _ in range(MAX_REQUESTS + 50)]
    begun = time.monotonic()
    try:
        for address in (VISITOR, ATTACKER):
            reader, writer = await connect(campus, address)
            writer.write(VISIT)
            answer = await asyncio.wait_for(reader.readline(), 20)
            assert answer.startswith(b"HTTP/1.1 200")
            writer.close()
    finally:
        for writer in held:
            writer.transport.abort()
    assert time.monotonic() - begun < 15  # half of the time after which the HTTP server gives up waiting
    assert "too many connections" in campus.server.log.read_text()
