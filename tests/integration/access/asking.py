"""ASGI client with byte-exact requests that does not wait for the end of an event stream."""

import asyncio
from dataclasses import dataclass
from typing import Any

from litestar import Litestar

ELSEWHERE = ("192.0.2.7", 5000)  # not loopback: no privileges of a local client
STREAM = b"text/event-stream"


@dataclass
class Answer:
    status: int = 0
    headers: dict[bytes, bytes] | None = None
    content: bytes = b""

    @property
    def kind(self) -> bytes:
        return (self.headers or {}).get(b"content-type", b"")


async def send_request(
    app: Litestar, method: str, path: str, content: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """Send a same-origin browser request; `headers` override. `path` is percent-decoded, as by the server."""
    answer, streaming, leaving = Answer(), asyncio.Event(), asyncio.Event()
    requests = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Any:
        if requests:
            return requests.pop()
        await leaving.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
            if answer.kind.startswith(STREAM):
                streaming.set()
                leaving.set()
        else:
            answer.content += message.get("body", b"")
            if not message.get("more_body", False):
                leaving.set()

    scope = _scope(method, path, len(content), headers or {})
    answering = asyncio.ensure_future(app(scope, receive, send))
    stream_started = asyncio.ensure_future(streaming.wait())
    await asyncio.wait({answering, stream_started}, return_when=asyncio.FIRST_COMPLETED)
    stream_started.cancel()
    if streaming.is_set():
        answering.cancel()
        await asyncio.wait({answering})
    else:
        await answering
    return answer


def _scope(method: str, path: str, length: int, headers: dict[str, str]) -> Any:
    path, _, query = path.partition("?")
    sent = {
        "host": "localhost:8000",
        "sec-fetch-site": "same-origin",
        "accept": "application/json" if path.startswith("/api/") else "text/html",
        "content-length": str(length),
        **headers,
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": ELSEWHERE,
        "server": ("localhost", 8000),
        "state": {},
        "extensions": {},
    }
