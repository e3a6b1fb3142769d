"""Health probe of the local web server, with the standard library only."""

import asyncio

from server.operations.ports import reachable
from server.settings import Settings


async def answers(settings: Settings, path: str) -> bool:
    """Whether GET `path` returns 200 within 5 s."""
    try:
        async with asyncio.timeout(5):
            return await _status(reachable(settings.host), settings.port, path) == 200
    except (OSError, TimeoutError):
        return False


async def _status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        parts = (await reader.readline()).split()
        return int(parts[1]) if len(parts) > 1 else 0
    finally:
        writer.close()
