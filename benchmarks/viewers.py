"""Viewers of the benchmark `hostile`: `python -m benchmarks.viewers PORT MEDIA_PATH COUNT SECONDS`.

Each asks for a playlist and a segment every six seconds, as a player does, on one connection. Prints
the seconds that each answer took.
"""

import asyncio
import json
import sys
import time

PACE = 6.0  # seconds of a segment
FILES = ("1080p/index.m3u8", "1080p/00000.1.m4s")
NO_ANSWER = 60.0  # seconds that count for a request that failed
PATIENCE = 30.0


class Viewer:
    def __init__(self, port: int, media: str) -> None:
        self._port, self._media = port, media
        self._writer: asyncio.StreamWriter | None = None

    async def watch(self, begins: float, ends: float) -> list[float]:
        taken = []
        while begins < ends:
            await asyncio.sleep(max(0.0, begins - time.monotonic()))
            taken += [await self._timed(name) for name in FILES]
            begins += PACE
        if self._writer:
            self._writer.close()
        return taken

    async def _timed(self, name: str) -> float:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._fetch(name)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, RuntimeError) as error:
            print(f"{time.monotonic() - begun:.1f} s: {error!r}"[:120], file=sys.stderr)
            self._writer = None
            return NO_ANSWER
        return time.monotonic() - begun

    async def _fetch(self, name: str) -> None:
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(f"GET {self._media}{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        if not head.startswith("http/1.1 200"):
            raise RuntimeError(head)
        await self._reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))


async def main(port: int, media: str, count: int, seconds: float) -> None:
    now = time.monotonic()
    viewers = [Viewer(port, media) for _ in range(count)]
    watching = (
        viewer.watch(now + PACE * place / count, now + seconds) for place, viewer in enumerate(viewers)
    )
    print(json.dumps([taken for each in await asyncio.gather(*watching) for taken in each]))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
