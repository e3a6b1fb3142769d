"""Many clients that ask for one address again and again, as fast as they are answered.

`python -m benchmarks.crowd HOST PORT PATH CLIENTS SECONDS` prints one line of JSON. One thread and
plain sockets: on a small machine the crowd must not be what holds the server back.
"""

import json
import selectors
import socket
import sys
import time

BUFFER = 1024 * 1024  # bytes
LAST_CHUNK = b"0\r\n\r\n"


class Client:
    """One connection, kept alive."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.ask()

    def ask(self) -> None:
        self.head, self.in_head, self.tail = b"", True, b""
        self.left: int | None = None  # bytes of body; None: chunked
        self.body, self.asked = 0, time.perf_counter()
        self.socket.sendall(self.request)

    def take(self, buffer: memoryview) -> bool:
        """Whether the answer is whole now."""
        count = self.socket.recv_into(buffer)
        if count == 0:
            raise ConnectionError("The server hung up.")
        data = buffer[:count]
        if self.in_head:
            self.head += bytes(data)
            head, found, body = self.head.partition(b"\r\n\r\n")
            if not found:
                return False
            self._read(head.lower())
            data = memoryview(body)
        self.body += len(data)
        if self.left is not None:
            return self.body >= self.left
        self.tail = (self.tail + bytes(data[-len(LAST_CHUNK) :]))[-len(LAST_CHUNK) :]
        return self.tail == LAST_CHUNK

    def _read(self, head: bytes) -> None:
        status, *lines = head.split(b"\r\n")
        if status.split()[1] != b"200":
            raise RuntimeError(f"The server answered {status.decode()}.")
        headers = dict(line.split(b": ", 1) for line in lines)
        self.in_head = False
        if headers.get(b"transfer-encoding") != b"chunked":
            self.left = int(headers[b"content-length"])


def crowd(host: str, port: int, path: str, clients: int, seconds: float) -> dict[str, float]:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    buffer, bytes_taken = memoryview(bytearray(BUFFER)), 0
    taken: list[float] = []  # seconds from each request to its last byte
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = Client(host, port, request)
            selector.register(client.socket, selectors.EVENT_READ, client)
        begun = time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds or not taken:
            for key, _ in selector.select(timeout=1):
                client = key.data
                if client.take(buffer):
                    taken.append(time.perf_counter() - client.asked)
                    bytes_taken += client.body
                    client.ask()
    taken.sort()
    return {
        "count": len(taken),
        "requests": len(taken) / (now - begun),
        "megabytes": bytes_taken / (now - begun) / 1e6,
        "p50": taken[len(taken) // 2] * 1000,
        "p99": taken[len(taken) * 99 // 100] * 1000,
    }


if __name__ == "__main__":
    host, port, path, clients, seconds = sys.argv[1:]
    print(json.dumps(crowd(host, int(port), path, int(clients), float(seconds))))
