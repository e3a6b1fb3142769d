"""Start of media tools: every ffmpeg and ffprobe process is started here."""

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from transcoder.ffmpeg import sandbox
from transcoder.ffmpeg.process_group import Command, Kind, Limits, Running
from transcoder.ffmpeg.progress import Progress
from transcoder.ffmpeg.wall import Wall

__all__ = [
    "Command",
    "Finished",
    "Kind",
    "Limits",
    "ProcessFailed",
    "Progress",
    "SandboxUnknown",
    "Walls",
    "run",
    "tool_output",
    "walls",
]

log = structlog.get_logger()

SURVEY_SECONDS = 60.0  # a start under load must not find a weaker sandbox


class Finished(msgspec.Struct, frozen=True):
    stdout: bytes
    stderr: str
    seconds: float
    peak_rss: int  # bytes; includes the forking worker's memory, so never below its size


class SandboxUnknown(Exception):
    """Sandbox whose layers could not be tried; `str()` is a sentence for an administrator."""


class ProcessFailed(Exception):
    """Failed media process. `stderr` holds its tail; `returncode` is negative for a signal."""

    def __init__(self, kind: Kind, purpose: str, stderr: str, returncode: int) -> None:
        self.kind, self.purpose, self.stderr, self.returncode = kind, purpose, stderr, returncode
        last = stderr.strip().rpartition("\n")[2]
        super().__init__(f"{purpose}: {kind} ({returncode})" + (f": {last}" if last else ""))


async def run(
    command: Command,
    folder: Path,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None = None,
) -> Finished:
    """Run a command in `folder` until it exits. Raises ProcessFailed.

    Cancelling kills the whole process group before CancelledError propagates. `on_progress` is called
    at most four times a second. A command that fails because bubblewrap has stopped working is repeated
    without it.
    """
    wall = walls.current()
    try:
        return await _run(command, folder, limits, on_progress, wall)
    except ProcessFailed as failed:
        if failed.kind != "exit" or not await asyncio.to_thread(walls.replace, wall):
            raise
    return await _run(command, folder, limits, on_progress, walls.current())


async def _run(
    command: Command,
    folder: Path,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None,
    wall: Wall,
) -> Finished:
    folder = folder.resolve()
    pasteable = f"cd {shlex.quote(str(folder))} && {shlex.join(command.argv)}"
    log.debug("process started", purpose=command.purpose, command=pasteable)
    started = time.monotonic()
    running = Running(command, folder, limits, on_progress, wall)
    try:
        kind = await running.until_end()
    finally:
        await running.close()
    seconds = time.monotonic() - started
    log.debug(
        "process ended",
        purpose=command.purpose,
        seconds=round(seconds, 2),
        cpu_seconds=round(running.cpu_seconds, 2),
        returncode=running.returncode,
        peak_rss=running.peak_rss,
    )
    stderr = running.stderr.decode(errors="replace")
    if kind := kind or _kind(running.returncode):
        raise ProcessFailed(kind, command.purpose, stderr, running.returncode)
    return Finished(bytes(running.stdout), stderr, seconds, running.peak_rss)


def _kind(returncode: int) -> Kind | None:
    if returncode >= 0:
        return "exit" if returncode else None
    by_signal: dict[int, Kind] = {signal.SIGXCPU: "timeout", signal.SIGXFSZ: "too_much_output"}
    return by_signal.get(-returncode, "killed")


def tool_output(argv: tuple[str, ...], seconds: float = 10) -> str | None:
    """Output of a tool's query (`-version`, `-encoders`); None when it fails."""
    try:
        answer = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env=sandbox.ENVIRONMENT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace")


class Walls:
    """Wall that stands on this machine: found by trying its layers, kept until bubblewrap stops working."""

    def __init__(self) -> None:
        self._found: Wall | None = None
        self._lock = threading.Lock()

    def current(self) -> Wall:
        """Raises SandboxUnknown."""
        with self._lock:
            if self._found is None:
                self._found = self._survey()
            return self._found

    def admits(self, tool: Path) -> bool:
        """Whether a tool runs behind it. A script that starts other programs does not."""
        try:
            return _works(self.current(), str(tool), "-version")
        except SandboxUnknown:
            return False

    def replace(self, wall: Wall) -> bool:
        """Whether a wall that had bubblewrap no longer stands, so that another is now the current one."""
        with self._lock:
            if not wall.bubblewrap or self._found != wall:
                return bool(wall.bubblewrap)
            if _works(wall):
                return False
            self._found = self._survey()
            log.warning("bubblewrap no longer works", program=wall.bubblewrap, sandbox=str(self._found))
            return True

    @staticmethod
    def _survey() -> Wall:
        answer = tool_output(tuple(sandbox.survey()), SURVEY_SECONDS)
        if answer is None:  # never taken for a machine without layers
            raise SandboxUnknown("The launcher of the sandbox does not run, or not within a minute.")
        layers = msgspec.json.decode(answer)
        bare = msgspec.convert({**layers, "root": os.geteuid() == 0}, Wall, strict=False)
        # In many containers it is installed, but namespaces are forbidden.
        found = shutil.which("bwrap")
        walled = msgspec.structs.replace(bare, bubblewrap=found or "")
        return walled if found and _works(walled) else bare


walls = Walls()


def _works(wall: Wall, *argv: str) -> bool:
    """Whether a program, by default any, runs behind the wall."""
    command = argv or ("/bin/true",)
    with tempfile.TemporaryDirectory() as folder:
        confined = sandbox.confine(command, folder=Path(folder), inputs=(), rlimits={}, wall=wall)
        return tool_output(tuple(confined)) is not None
