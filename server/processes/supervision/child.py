"""One process under the supervisor: how it is started, heard and ended."""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.processes.supervision.console import ChildOutput
from server.processes.supervision.pdeathsig import dying_with

NOT_STARTED = 1  # told as the exit code of what the system would not start


@dataclass(frozen=True)
class ChildSpec:
    name: str  # as it stands before its lines
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    stop_seconds: float  # between asking and killing
    quiet: bool = False  # its lines only go to its log file


class Child:
    def __init__(self, spec: ChildSpec, logs: Path, *, bare: bool = False) -> None:
        self.spec = spec
        self.voice = ChildOutput(spec.name, logs, quiet=spec.quiet, bare=bare)
        self._process: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def run(self) -> int:
        """Start it and hear it out. The exit code; minus the signal's number for a signal."""
        try:
            self._process = process = await self._begin()
        except Exception as error:  # no memory, no process, no thread that waits: soon there may be one
            self.voice.last_lines = [f"{self.spec.name} cannot be started: {error}"]
            self.voice.tell(*self.voice.last_lines)
            return NOT_STARTED
        self._hearing = asyncio.create_task(self.voice.pump(process.stdout))
        code = await process.wait()
        await self._hear_out()
        return code

    async def _begin(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.spec.argv,
            env=self.spec.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # In a group of its own: Ctrl-C reaches the supervisor alone, which ends things in order.
            # Not in a session: encoders of all workers stand back from each other in one.
            process_group=0,
            preexec_fn=dying_with(os.getpid()),
        )

    async def stop(self) -> bool:
        """Ask, wait, kill. False when it had to be killed."""
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
            await self._hear_out()
        return True

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _hear_out(self) -> None:
        """A grandchild may hold the pipe open: a second has to do."""
        if self._hearing:
            await asyncio.wait([self._hearing], timeout=1)
            self._hearing.cancel()
