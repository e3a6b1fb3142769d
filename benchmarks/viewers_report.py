"""Load of the heartbeat benchmark: `viewers_report PORT TOKENS PER_SECOND SECONDS SEGMENT`.

Heartbeats leave at their times, whether or not earlier ones are answered; the time of each is counted from
then. Prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

CONNECTIONS = 400
ADDRESSES = 20  # of the viewers: the server bounds the connections of each
SEGMENT_EVERY = 0.05  # seconds between two requests for a segment


class Connections:
    """Keep-alive connections, each with one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def open(self, count: int) -> None:
        for number in range(count):
            source = f"127.0.0.{2 + number % ADDRESSES}"
            opened = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(source, 0))
            self._free.put_nowait(opened)

    async def request(self, data: bytes) -> int:
        """Sends a request; the status of the response, whose body is read."""
        reader, writer = await self._free.get()
        try:
            writer.write(data)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            return int(head.split()[1])
        finally:
            self._free.put_nowait((reader, writer))


async def main(port: int, tokens: list[str], per_second: int, seconds: int, segment: str) -> None:
    connections = Connections(port)
    await connections.open(CONNECTIONS)
    taken: list[float] = []
    statuses: list[int] = []
    segments = 0

    async def report(number: int, due: float) -> None:
        status = await connections.request(
            heartbeat(port, tokens[number % len(tokens)], number // len(tokens))
        )
        taken.append(time.perf_counter() - due)
        statuses.append(status)

    async def fetch() -> None:
        nonlocal segments
        while True:
            await connections.request(f"GET {segment} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            segments += 1
            await asyncio.sleep(SEGMENT_EVERY)

    fetching = asyncio.create_task(fetch()) if segment else None
    started = time.perf_counter()
    running = []
    for number in range(per_second * seconds):
        due = started + number / per_second
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        running.append(asyncio.create_task(report(number, due)))
    await asyncio.gather(*running)
    if fetching:
        fetching.cancel()
    refused = sum(status != 200 for status in statuses)
    answer: dict[str, Any] = {"sent": len(taken), "refused": refused, "seconds": taken, "segments": segments}
    print(json.dumps(answer))


def heartbeat(port: int, token: str, number: int) -> bytes:
    """Request of the viewer's heartbeat `number`: ten seconds of playing, in two spans."""
    events = [{"from": number * 10 + half, "to": number * 10 + half + 5} for half in (0, 5)]
    session = "".join(letter for letter in token[-40:] if letter.isalnum())
    body = json.dumps([{"token": token, "session": session, "seq": number, "events": events}])
    head = f"POST /api/video/track-watch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


if __name__ == "__main__":
    _, port, tokens, per_second, seconds, segment = sys.argv
    asyncio.run(main(int(port), json.loads(Path(tokens).read_text()), int(per_second), int(seconds), segment))
