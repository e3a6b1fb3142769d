"""Output of child processes: on the terminal with their name as prefix, and in rotating files."""

import json
import logging
from asyncio import StreamReader
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")
FILE_BYTES, FILES_KEPT = 10 * 2**20, 4
LONGEST_LINE = 64 * 2**10  # bytes; longer ones are split
REMEMBERED = 5  # lines, for the message why a child could not start


class _File(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Ignored: a full disk must neither stop the terminal output nor flood it."""


class ChildOutput:
    """Output of one child. `bare`: its lines are JSON for machines and contain the process themselves."""

    _count = 0

    def __init__(
        self, name: str, folder: Path, *, quiet: bool = False, bare: bool = False, width: int = 10
    ) -> None:
        self.name = name
        self.last_lines: list[str] = []
        self._quiet, self._bare = quiet, bare
        coloured = click.style(f"{name:<{width}} │ ", fg=COLOURS[ChildOutput._count % len(COLOURS)])
        self._prefix = "" if bare else coloured
        ChildOutput._count += 1
        self._file = _File(
            folder / f"{name}.log", maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
        )

    def write(self, line: str) -> None:
        self.last_lines = [*self.last_lines, line][-REMEMBERED:]
        if not self._quiet:
            show(self._prefix + line)
        self._log(line)

    def notice(self, line: str) -> None:
        """Message of the supervisor about the child: in its log, and always on the terminal."""
        if self._bare:
            line = json.dumps({"level": "warning", "process": self.name, "message": line})
        self._log(line)
        show(self._prefix + line)

    async def pump(self, stream: StreamReader | None) -> None:
        """Copy lines until the child closes its output."""
        rest = b""
        while stream and (chunk := await stream.read(LONGEST_LINE)):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.write(line.decode(errors="replace"))
        if rest:
            self.write(rest.decode(errors="replace"))

    def _log(self, line: str) -> None:
        self._file.emit(logging.LogRecord(self.name, logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        self._file.close()


def show(line: str) -> None:
    """Print; ignores a closed terminal (`skillstudio up | head`)."""
    with suppress(OSError):
        click.echo(line)
