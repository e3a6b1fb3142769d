"""Connections of one address, bounded: one that opens thousands and sends nothing leaves room for others.

The HTTP server accepts a fixed number of connections and gives each half a minute for its first request. It
does not count by address. Its sockets are this process's own, so they are counted here, and those too many
are shut down.
"""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.core.logging import printable

log = structlog.get_logger()

PER_ADDRESS = 768  # connections without a request; a browser has six, and a school may have one address
INTERVAL = 0.25  # seconds between two counts
FEW = 512  # open files of the process, below which nobody can have too many connections
DESCRIPTORS = Path("/dev/fd")
FAMILIES = (socket.AF_INET, socket.AF_INET6)

Peer = tuple[str, int]  # address and port


class Connection(msgspec.Struct, frozen=True):
    descriptor: int
    peer: Peer


class ConnectionLimit:
    """ASGI middleware that knows which connections have sent a request, and closes others when too many are
    open."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app, self._port = app, port
        self._in_use: set[Peer] = set()
        self._used: dict[Peer, float] = {}  # time of the last request, by the loop's clock
        self._seen: set[Peer] = set()  # by the last count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client") if scope["type"] == ScopeType.HTTP else None
        if not client:
            await self._app(scope, receive, send)
            return
        peer = (client[0], int(client[1]))  # granian gives the port as a text
        self._in_use.add(peer)
        self._used[peer] = asyncio.get_running_loop().time()
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_use.discard(peer)

    async def watch(self, stopping: asyncio.Event) -> None:
        """Count until the server stops."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL):
                    await stopping.wait()
            if len(list(DESCRIPTORS.iterdir())) > FEW:
                self.shed(connections(self._port))
            elif len(self._used) > FEW:
                self._used = {peer: self._used[peer] for peer in self._in_use}

    def shed(self, found: list[Connection]) -> None:
        """Shut down what an address has too much of."""
        peers = {connection.peer for connection in found}
        by_address: dict[str, list[Connection]] = defaultdict(list)
        for connection in found:
            if connection.peer in self._seen:  # others have just come, and have had no time to ask
                by_address[connection.peer[0]].append(connection)
        for address, closed in excess(by_address, self._in_use, self._used).items():
            log.warning("too many connections", address=printable(address), closed=len(closed))
            for connection in closed:
                _shut_down(connection)
        self._seen = peers
        self._used = {peer: at for peer, at in self._used.items() if peer in peers}


def excess(
    by_address: Mapping[str, list[Connection]], in_use: Iterable[Peer], used: Mapping[Peer, float]
) -> dict[str, list[Connection]]:
    """Idle connections beyond PER_ADDRESS of each address: those that never sent a request first, then those
    idle for longest. Those with a request in progress are limited by `Turns` and `Admission`."""
    busy = set(in_use)
    found = {}
    for address, held in by_address.items():
        idle = sorted((one for one in held if one.peer not in busy), key=lambda one: used.get(one.peer, 0.0))
        if closed := idle[: max(0, len(idle) - PER_ADDRESS)]:
            found[address] = closed
    return found


def connections(port: int) -> list[Connection]:
    """Accepted connections of this process to a port of its own."""
    found = []
    for descriptor in [int(path.name) for path in DESCRIPTORS.iterdir()]:
        with suppress(OSError), _borrowed(descriptor) as found_socket:
            if found_socket.family in FAMILIES and found_socket.getsockname()[1] == port:
                host, number, *_ = found_socket.getpeername()
                found.append(Connection(descriptor, (host, number)))
    return found


def _shut_down(connection: Connection) -> None:
    """The HTTP server sees its end and closes it. The descriptor may be that of another file by now."""
    with suppress(OSError), _borrowed(connection.descriptor) as found_socket:
        if found_socket.family in FAMILIES and found_socket.getpeername()[:2] == connection.peer:
            found_socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """The socket of a descriptor, without a copy and never closed. Raises OSError when it is none.

    Closing a copy of a database file's descriptor releases the locks of every connection of this process
    (fcntl(2), "Advisory record locking"): another process then deletes the log that is in use.
    """
    made = socket.socket(fileno=descriptor)
    try:
        yield made
    finally:
        made.detach()
