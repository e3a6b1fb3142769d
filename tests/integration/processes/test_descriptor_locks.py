"""Locks of files while connections are counted by their descriptors."""

import fcntl
import socket
import subprocess
import sys
from pathlib import Path

from server.core.web.middleware.limits.connection_limit import connections


def test_locks_of_files_are_kept(tmp_path: Path) -> None:
    """As SQLite holds them: they would be released by closing any descriptor of the file."""
    locked = tmp_path / "locked"
    attempt = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with locked.open("w") as held, socket.create_server(("127.0.0.1", 0)) as listening:
        fcntl.lockf(held, fcntl.LOCK_EX)
        with socket.create_connection(listening.getsockname()[:2]) as client:
            accepted, _ = listening.accept()
            with accepted:
                found = connections(listening.getsockname()[1])
                assert client.getsockname() in [one.peer for one in found]
                accepted.getpeername()  # still open
        refused = subprocess.run([sys.executable, "-c", attempt, locked], capture_output=True, check=False)
        assert b"BlockingIOError" in refused.stderr
