"""Health probe of the local web server, with the standard library only."""

import asyncio
import json

from server.operations.ports import reachable
from server.settings import Settings

SECONDS = 10.0  # a check of a service that is away may take 5
SERVICES = ("database", "queue", "objects")


async def answers(settings: Settings, path: str) -> bool:
    """Whether GET `path` returns 200."""
    status, _ = await _get(settings, path)
    return status == 200


async def services_answer(settings: Settings) -> bool:
    """Whether the checks of /health/ready pass, but for the workers."""
    _, body = await _get(settings, "/health/ready")
    checks = json.loads(body)["checks"] if body else {}
    return all(name in checks and checks[name]["ok"] for name in SERVICES)


async def _get(settings: Settings, path: str) -> tuple[int, bytes]:
    """Status and body; 0 when the server does not answer in time."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _exchange(reachable(settings.host), settings.port, path)
    except (OSError, TimeoutError):
        return 0, b""


async def _exchange(host: str, port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        parts = head.split(maxsplit=2)
        return (int(parts[1]), body) if len(parts) > 1 else (0, b"")
    finally:
        writer.close()
