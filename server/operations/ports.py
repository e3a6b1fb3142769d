"""TCP port check: whether a port is free, and which process holds it."""

import errno
import json
import socket
from pathlib import Path

EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of every address, asked by one


def blocked(host: str, port: int) -> str | None:
    """Reason why the port cannot be listened on, as a sentence with its remedy; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT does not count
        try:
            listener.bind((host, port))
            return None
        except OSError as error:
            return _sentence(error, host, port)


def reachable(host: str) -> str:
    """Address at which this machine reaches a server that listens on `host`."""
    return EVERY.get(host, host)


def is_ours(host: str, port: int) -> bool:
    """Whether a web server of this product listens there."""
    from http.client import HTTPConnection, HTTPException  # only `doctor` asks; the supervisor stays small

    connection = HTTPConnection(reachable(host), port, timeout=3)
    try:
        connection.request("GET", "/health/live")
        return bool(json.loads(connection.getresponse().read(200)) == {"status": "live"})
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _sentence(error: OSError, host: str, port: int) -> str:
    other = "Choose another with --port, `make run PORT=…` or SKILLSTUDIO_PORT."
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by {_holder(port) or 'another process'}. {other}"
        case errno.EACCES:
            return f"Only root may listen on port {port}. {other}"
        case _:
            return (
                f"This machine cannot listen on {host} ({error.strerror}). "
                "Choose one of its own addresses with --host: 127.0.0.1 for this machine only, "
                "0.0.0.0 for every network."
            )


def _holder(port: int) -> str | None:
    """Process that listens, as in "python (process 123)", as far as /proc is readable."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in sockets:
                process = link.parent.parent
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue
    return None


def _listening_inodes(port: int) -> set[str]:
    """proc_net_tcp(5): local address in column 1 as HEX:PORT, state 0A is LISTEN, inode in column 9."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in (line.split() for line in rows):
            if row[3] == "0A" and row[1].rpartition(":")[2] == f"{port:04X}":
                found.add(row[9])
    return found
