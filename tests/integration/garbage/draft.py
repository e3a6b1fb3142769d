"""Request as bytes, and as a line for a shell."""

import shlex
from dataclasses import dataclass, field

SHOWN_BYTES = 300  # of a body in a line


@dataclass
class Draft:
    number: int
    identity: str
    method: str
    path: str = "/"
    query: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    sent: int | None = None  # bytes of the body after which the client is gone; None: all
    chunked: bool = False
    length: bytes | None = None  # Content-Length that is not that of the body

    def set_header(self, name: bytes, value: bytes) -> None:
        self.headers = [(known, kept) for known, kept in self.headers if known != name] + [(name, value)]

    @property
    def is_http(self) -> bool:
        """Whether an HTTP server can read it: it may close the connection after anything else."""
        return self.sent is None and not self.chunked and self.length is None

    def wire(self) -> bytes:
        target = self.path + (f"?{self.query}" if self.query else "")
        head = [f"{self.method} ".encode() + target.encode("latin-1", errors="replace") + b" HTTP/1.1"]
        head += [name + b": " + value for name, value in self.headers]
        body = self.body
        if self.chunked:
            head.append(b"transfer-encoding: chunked")
            body = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        elif self.length is not None:
            head.append(b"content-length: " + self.length)
        elif body or self.method not in ("GET", "HEAD"):
            head.append(b"content-length: %d" % len(body))
        body = body if self.sent is None else body[: self.sent]
        return b"\r\n".join(head) + b"\r\n\r\n" + body

    def line(self, url: str) -> str:
        """As for curl, with the beginning of a long body."""
        words = ["curl", "-i", "-X", self.method]
        for name, value in self.headers:
            shown = value if len(value) <= SHOWN_BYTES else value[:SHOWN_BYTES] + b"..."
            words += ["-H", f"{name.decode('latin-1')}: {shown.decode('latin-1')}"]
        words += (
            ["--data-binary", self.body[:SHOWN_BYTES].decode("utf-8", "backslashreplace")]
            if self.body
            else []
        )
        words.append(
            f"{url}{self.path[:SHOWN_BYTES]}" + (f"?{self.query[:SHOWN_BYTES]}" if self.query else "")
        )
        about = f"# request {self.number}, {self.identity}, body of {len(self.body)} bytes"
        about += "" if self.sent is None else f", of which {self.sent} are sent"
        return f"{' '.join(map(shlex.quote, words))}  {about}"
