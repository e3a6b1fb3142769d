"""Load generator: many clients request one path in a loop, as fast as responses arrive.

`python -m benchmarks.crowd HOST PORT PATH CLIENTS SECONDS` prints one line of JSON. One thread and
plain sockets, so that the load generator is not the bottleneck on a small machine.
"""

import json
import selectors
import socket
import sys
import time

BUFFER = 1024 * 1024  # bytes
LAST_CHUNK = b"0\r\n\r\n"


class Client:
    """Keep-alive connection."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.send_request()

    def send_request(self) -> None:
        self.head, self.in_head, self.tail = b"", True, b""
        self.content_length: int | None = None  # bytes; None: chunked
        self.body, self.sent_at = 0, time.perf_counter()
        self.socket.sendall(self.request)

    def receive(self, buffer: memoryview) -> bool:
        """Reads from the socket; returns whether the response is complete."""
        count = self.socket.recv_into(buffer)
        if count == 0:
            raise ConnectionError("The server closed the connection.")
        data = buffer[:count]
        if self.in_head:
            self.head += bytes(data)
            head, found, body = self.head.partition(b"\r\n\r\n")
            if not found:
                return False
            self._read_head(head.lower())
            data = memoryview(body)
        self.body += len(data)
        if self.content_length is not None:
            return self.body >= self.content_length
        self.tail = (self.tail + bytes(data[-len(LAST_CHUNK) :]))[-len(LAST_CHUNK) :]
        return self.tail == LAST_CHUNK

    def _read_head(self, head: bytes) -> None:
        status, *lines = head.split(b"\r\n")
        if status.split()[1] != b"200":
            raise RuntimeError(f"The server answered {status.decode()}.")
        headers = dict(line.split(b": ", 1) for line in lines)
        self.in_head = False
        if headers.get(b"transfer-encoding") != b"chunked":
            self.content_length = int(headers[b"content-length"])


def crowd(host: str, port: int, path: str, clients: int, seconds: float) -> dict[str, float]:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    buffer, bytes_received = memoryview(bytearray(BUFFER)), 0
    durations: list[float] = []  # seconds from request to last byte
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = Client(host, port, request)
            selector.register(client.socket, selectors.EVENT_READ, client)
        started = time.perf_counter()
        while (now := time.perf_counter()) < started + seconds or not durations:
            for key, _ in selector.select(timeout=1):
                client = key.data
                if client.receive(buffer):
                    durations.append(time.perf_counter() - client.sent_at)
                    bytes_received += client.body
                    client.send_request()
    durations.sort()
    return {
        "count": len(durations),
        "requests": len(durations) / (now - started),
        "megabytes": bytes_received / (now - started) / 1e6,
        "p50": durations[len(durations) // 2] * 1000,
        "p99": durations[len(durations) * 99 // 100] * 1000,
    }


if __name__ == "__main__":
    host, port, path, clients, seconds = sys.argv[1:]
    print(json.dumps(crowd(host, int(port), path, int(clients), float(seconds))))
