"""Supervised process group: pipes, limits and termination. Used by process.py only."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

import msgspec

from transcoder.ffmpeg import sandbox
from transcoder.ffmpeg.progress import Progress, ProgressReader
from transcoder.ffmpeg.wall import Wall

STDERR_BYTES = 64 * 1024  # of the tail, which holds the error
STDOUT_BYTES = 64 * 2**20
TICK = 0.25  # seconds between checks of progress and deadlines
DISK_CHECK = 1.0  # seconds between measurements of the output folder

ENDING_SIGNALS = (
    signal.SIGKILL,
    signal.SIGXCPU,
    signal.SIGXFSZ,
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGILL,
    signal.SIGFPE,
)

Kind = Literal["exit", "timeout", "stalled", "too_much_output", "killed"]


class Command(msgspec.Struct, frozen=True):
    """Command line of one ffmpeg or ffprobe, which may read its folder and the files after `-i`."""

    argv: tuple[str, ...]
    purpose: str  # for logs and error messages: "chunk 3"
    reports: bool = True  # whether it accepts -progress; False for ffprobe

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Absolute paths after `-i`."""
        pairs = zip(self.argv, self.argv[1:], strict=False)
        return tuple(Path(value.removeprefix("file:")) for flag, value in pairs if flag == "-i")


class Limits(msgspec.Struct, frozen=True):
    seconds: float  # wall clock
    stall_seconds: float = 300  # without a new frame or output byte; for commands that report progress
    memory_bytes: int = 4 * 2**30  # address space
    output_bytes: int = 2**30  # total size of the folder
    threads: int = 4096  # more than all programs on the machine have at its start; not limited for root
    nice: int = 0


class Running:
    """Process started by the constructor; call `until_end`, then `close`."""

    def __init__(
        self,
        command: Command,
        folder: Path,
        limits: Limits,
        on_progress: Callable[[Progress], None] | None,
        wall: Wall,
    ) -> None:
        self.command, self.folder, self.limits, self.on_progress = command, folder, limits, on_progress
        self.stdout, self.stderr = bytearray(), bytearray()
        self.returncode, self.peak_rss, self.cpu_seconds = 0, 0, 0.0
        self._progress = ProgressReader()
        self._inside = bool(wall.bubblewrap)
        self._process, reports = self._start(wall)
        # Popen types its pipes as optional; with PIPE they are never None.
        self._pipes = [pipe for pipe in (self._process.stdout, self._process.stderr, reports) if pipe]
        self._exited = asyncio.ensure_future(asyncio.to_thread(_await_exit, self._process.pid))
        self._readers = [
            asyncio.ensure_future(_pump(pipe, feed))
            for pipe, feed in zip(
                self._pipes, (self._keep, self._keep_tail, self._progress.feed), strict=True
            )
        ]

    async def until_end(self) -> Kind | None:
        """Limit that was exceeded; None when it exited by itself. Raises what `on_progress` raises."""
        watch = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait({self._exited, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                return watch.result()
            self._kill_group()  # a surviving child process would keep the pipes open
            await asyncio.gather(*self._readers)
            self._report(None)
            return "too_much_output" if len(self.stdout) > STDOUT_BYTES else None
        finally:
            watch.cancel()

    async def close(self) -> None:
        """Kill and reap the process group. Its id cannot be reused before wait4 has returned."""
        self._kill_group()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for pipe in self._pipes:
            pipe.close()
        while not self._exited.done():
            with contextlib.suppress(asyncio.CancelledError):  # it is dead: the wait is short
                await asyncio.shield(self._exited)
        _, status, usage = os.wait4(self._process.pid, 0)  # noqa: ASYNC222 - it has exited: does not block
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.returncode = _as_signal(self._process.returncode) if self._inside else self._process.returncode
        self.peak_rss = usage.ru_maxrss * 1024
        self.cpu_seconds = usage.ru_utime + usage.ru_stime

    def _start(self, wall: Wall) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        reads, writes = os.pipe()
        argv = [*self.command.argv]
        if self.command.reports:
            argv[1:1] = ["-nostats", "-stats_period", "0.5", "-progress", f"pipe:{writes}"]
        try:
            process = subprocess.Popen(
                sandbox.confine(
                    argv,
                    folder=self.folder,
                    inputs=self.command.inputs,
                    rlimits=self._rlimits(),
                    nice=self.limits.nice,
                    wall=wall,
                ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(writes,),
                cwd=self.folder,
                env=sandbox.ENVIRONMENT,
                # A group, so that its children are killed with it. No session of its own, because Linux
                # shares CPU time by session first (sched(7), autogroup) and nice counts only inside one.
                process_group=0,
            )
        except BaseException:
            os.close(reads)
            raise
        finally:
            os.close(writes)
        return process, os.fdopen(reads, "rb", buffering=0)

    def _rlimits(self) -> dict[str, int]:
        tasks = sandbox.tasks_on_machine()
        return {
            # Counted for the user, on older kernels across all containers: so it starts from the machine's.
            **({} if tasks is None else {"RLIMIT_NPROC": tasks + self.limits.threads}),
            "RLIMIT_AS": self.limits.memory_bytes,
            "RLIMIT_CPU": int(self.limits.seconds * (os.cpu_count() or 1)) + 1,
            "RLIMIT_FSIZE": self.limits.output_bytes,
            "RLIMIT_NOFILE": 256,
            "RLIMIT_CORE": 0,
        }

    def _keep(self, data: bytes) -> None:
        if len(self.stdout) <= STDOUT_BYTES:
            self.stdout += data

    def _keep_tail(self, data: bytes) -> None:
        self.stderr += data
        del self.stderr[:-STDERR_BYTES]

    async def _watch(self) -> Kind:
        started = moved = measured = time.monotonic()
        reported, written = None, 0
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            if self._progress.latest != reported:
                reported, moved = self._report(reported), now
            if now - measured >= DISK_CHECK:
                measured, before, written = now, written, _bytes_in(self.folder)
                moved = now if written != before else moved
            if len(self.stdout) > STDOUT_BYTES or written > self.limits.output_bytes:
                return "too_much_output"
            if now - started > self.limits.seconds:
                return "timeout"
            if self.command.reports and now - moved > self.limits.stall_seconds:
                return "stalled"

    def _report(self, reported: Progress | None) -> Progress | None:
        latest = self._progress.latest
        if latest is not None and latest != reported and self.on_progress:
            self.on_progress(latest)
        return latest

    def _kill_group(self) -> None:
        for kill in (os.killpg, os.kill):  # without a seccomp filter it could have left its group
            with contextlib.suppress(ProcessLookupError):
                kill(self._process.pid, signal.SIGKILL)


def _await_exit(pid: int) -> None:
    """Wait without reaping: the id of a reaped process could be reused before we kill the group."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _as_signal(code: int) -> int:
    """Return code as subprocess gives it: bubblewrap reports a signal as a shell does, 128 + signal."""
    return 128 - code if code - 128 in ENDING_SIGNALS else code


async def _pump(pipe: IO[bytes], feed: Callable[[bytes], None]) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        while data := await reader.read(2**16):
            feed(data)
    finally:
        transport.close()


def _bytes_in(folder: Path) -> int:
    """Total apparent size of all files below; files deleted meanwhile are skipped."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
    return total
