"""Child process of the supervisor: start, output and end."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from server.processes.supervision.console import ChildOutput
from server.processes.supervision.pdeathsig import killed_with

NOT_STARTED = 1  # exit code reported for a process that the system could not start


@dataclass(frozen=True)
class ChildSpec:
    name: str  # prefix of its lines
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    stop_seconds: float  # between SIGTERM and SIGKILL
    quiet: bool = False  # its lines go only to its log file
    pulse: Path | None = None  # run folder in which it shows that it lives
    answers: Callable[[], Awaitable[bool]] | None = None  # asked in place of a pulse
    prepare: Callable[[], object] | None = None  # before each start: what it needs may be gone since the last


class Child:
    def __init__(self, spec: ChildSpec, logs: Path, *, bare: bool = False) -> None:
        self.spec = spec
        self.output = ChildOutput(spec.name, logs, quiet=spec.quiet, bare=bare)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def run(self) -> int:
        """Start it and read its output to the end. The exit code; minus the signal's number for a signal."""
        try:
            if self.spec.prepare is not None:
                self.spec.prepare()
            self._process = process = await self._begin()
        except Exception as error:  # no memory, process or thread left: may be temporary
            self.output.last_lines = [f"{self.spec.name} cannot be started: {error}"]
            self.output.notice(*self.output.last_lines)
            return NOT_STARTED
        self._reading = asyncio.create_task(self.output.pump(process.stdout))
        code = await process.wait()
        await self._read_rest()
        return code

    async def _begin(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.spec.argv,
            env=self.spec.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # A group of its own: Ctrl-C reaches only the supervisor, which stops children in order.
            # Not a session of its own: nice of the encoders of all workers counts only inside one.
            process_group=0,
            preexec_fn=killed_with(os.getpid()),
        )

    async def stop(self) -> bool:
        """SIGTERM, then SIGKILL after `stop_seconds`. False when it had to be killed."""
        if self._process is None or self._process.returncode is not None:
            return True
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self.spec.stop_seconds)
        except TimeoutError:
            self.kill()
            await self._process.wait()
            return False
        finally:
            await self._read_rest()
        return True

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _read_rest(self) -> None:
        """Read the remaining output, for one second at most: a grandchild may hold the pipe open."""
        if self._reading:
            await asyncio.wait([self._reading], timeout=1)
            self._reading.cancel()
