"""Hostile clients of the benchmark `hostile`: each sends its posts for some seconds, from one address.

`python -m benchmarks.attacks NAME PORT ADDRESS SECONDS` reads as JSON the objects and the credentials that it
may use, and prints its answers by status.
"""

import asyncio
import base64
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

AT_ONCE = 4  # requests of one attack, where it is not their number that hurts
SOCKETS = 2_100  # more than the server's places for requests
STREAMS = 2_000
FORM = b"content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\n"
JSON = b"content-type: application/json\r\n"


@dataclass
class Attacker:
    port: int
    address: str  # that the requests come from
    known: dict[str, str]  # token, course, lesson, segment
    ends: float  # by the loop's clock
    answers: Counter[str] = field(default_factory=Counter)  # by status; "none": closed without one
    held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))

    async def send(self, method: bytes, path: str, head: bytes = b"", body: bytes = b"") -> None:
        """One request on a connection of its own, and the status of its answer."""
        status = "none"
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            reader, writer = await self.connect()
            try:
                writer.write(self.head(method, path, head, len(body)) + body)
                status = (await reader.readline())[9:12].decode() or "none"
            finally:
                writer.transport.abort()
        self.answers[status] += 1

    def head(self, method: bytes, path: str, head: bytes, length: int) -> bytes:
        start = method + f" {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n".encode()
        return start + head + b"content-length: %d\r\n\r\n" % length

    def signed(self) -> bytes:
        return f"authorization: Bearer {self.known['token']}\r\n".encode()

    async def hold(self, request: bytes) -> None:
        """A connection that is kept, with this much of a request."""
        with suppress(OSError):
            reader, writer = await self.connect()
            writer.write(request)
            self.held.append((reader, writer))

    async def often(self, send: Callable[[], Awaitable[None]]) -> None:
        async def one_after_the_other() -> None:
            while time.monotonic() < self.ends:
                await send()

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))

    async def many(self, count: int, request: bytes) -> None:
        """Connections that are held until the end, opened again when the server has closed them."""
        while time.monotonic() < self.ends:
            for reader, writer in self.held:
                if reader.at_eof() or writer.is_closing():
                    writer.transport.abort()
            self.held = [(reader, writer) for reader, writer in self.held if not writer.is_closing()]
            for _ in range(count - len(self.held)):
                await self.hold(request)
                self.answers["opened"] += 1
            await asyncio.sleep(0.5)


async def marks(attacker: Attacker) -> None:
    """Passwords of 50,000 combining marks."""
    body = b"email=a%40b.edu&password=a" + b"%CC%81%CC%96" * 25_000
    await attacker.often(lambda: attacker.send(b"POST", "/sign-in", FORM, body))


async def fields(attacker: Attacker) -> None:
    """Forms of a million empty fields."""
    await attacker.often(lambda: attacker.send(b"POST", "/sign-in", FORM, b"a&" * 1_000_000))


async def enrolments(attacker: Attacker) -> None:
    """150,000 unknown addresses to enrol, and as many as are accepted at a time."""
    path = f"/api/courses/{attacker.known['course']}/enrolments"
    bodies = [json.dumps({"emails": [f"{n}@x.edu" for n in range(count)]}) for count in (150_000, 5_000)]

    async def send() -> None:
        for body in bodies:
            await attacker.send(b"POST", path, JSON + attacker.signed(), body.encode())

    await attacker.often(send)


async def lists(attacker: Attacker) -> None:
    """Pasted lists of 1.9 MB, of which nothing is an address."""
    path = f"/teach/courses/{attacker.known['course']}/people/learners"
    body = b"emails=" + b",%0A" * 470_000
    await attacker.often(lambda: attacker.send(b"POST", path, FORM + attacker.signed(), body))


async def methods(attacker: Attacker) -> None:
    """Distinct HTTP methods of 60 kB."""

    async def send() -> None:
        number = attacker.answers.total()
        await attacker.send(b"%08dX" % number * 6_700, "/sign-in")

    await attacker.often(send)


async def bodies(attacker: Attacker) -> None:
    """Forms on 2,100 connections, whose bodies do not end."""
    await attacker.many(SOCKETS, attacker.head(b"POST", "/sign-in", FORM, 1_000) + b"email=a")


async def silence(attacker: Attacker) -> None:
    """2,100 connections on which no request comes."""
    await attacker.many(SOCKETS, b"")


async def streams(attacker: Attacker) -> None:
    """2,000 event streams of one person."""
    path = f"/api/video/transcode/status/{attacker.known['lesson']}/events"
    await attacker.many(STREAMS, attacker.head(b"GET", path, attacker.signed(), 0))


async def creations(attacker: Attacker) -> None:
    """Uploads that are announced and never sent."""
    lesson, name = (base64.b64encode(text.encode()).decode() for text in (attacker.known["lesson"], "a.mp4"))
    head = "tus-resumable: 1.0.0\r\nupload-length: 40000000000\r\n"
    head += f"upload-metadata: lesson_id {lesson},filename {name}\r\n"
    whole = attacker.signed() + head.encode()
    await attacker.often(lambda: attacker.send(b"POST", "/api/video/upload/tus", whole))


async def ranges(attacker: Attacker) -> None:
    """Ranges with numbers of 5,000 digits."""
    head = b"range: bytes=" + b"9" * 5_000 + b"-\r\n"
    await attacker.often(lambda: attacker.send(b"GET", attacker.known["segment"], head))


ATTACKS = {
    attack.__name__: attack
    for attack in (marks, fields, enrolments, lists, methods, bodies, silence, streams, creations, ranges)
}


async def main(name: str, port: str, address: str, seconds: str) -> None:
    known = json.load(sys.stdin)
    attacker = Attacker(int(port), address, known, time.monotonic() + float(seconds))
    await ATTACKS[name](attacker)
    print(json.dumps(attacker.answers))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
