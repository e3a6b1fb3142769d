"""What children say, on the terminal with their name before it and in files that rotate."""

import json
import logging
from asyncio import StreamReader
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")
FILE_BYTES, FILES_KEPT = 10 * 2**20, 4
LONGEST_LINE = 64 * 2**10  # bytes; longer ones are cut into several
REMEMBERED = 5  # lines, for the sentence that says why a child could not start


class _File(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A full disk must not stop the terminal, nor fill it."""


class ChildOutput:
    """Where one child's lines go. `bare`: they are JSON, for machines, and say themselves whose they are."""

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

    def say(self, line: str) -> None:
        self.last_lines = [*self.last_lines, line][-REMEMBERED:]
        if not self._quiet:
            show(self._prefix + line)
        self._write(line)

    def tell(self, line: str) -> None:
        """What the supervisor has to say of it: in its log, and always on the terminal."""
        if self._bare:
            line = json.dumps({"level": "warning", "process": self.name, "message": line})
        self._write(line)
        show(self._prefix + line)

    async def pump(self, stream: StreamReader | None) -> None:
        """Until the child closes its output."""
        rest = b""
        while stream and (chunk := await stream.read(LONGEST_LINE)):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.say(line.decode(errors="replace"))
        if rest:
            self.say(rest.decode(errors="replace"))

    def _write(self, line: str) -> None:
        self._file.emit(logging.LogRecord(self.name, logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        self._file.close()


def show(line: str) -> None:
    """Print, and go on where the terminal has gone away (`skillstudio up | head`)."""
    with suppress(OSError):
        click.echo(line)
