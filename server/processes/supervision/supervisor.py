"""Process supervisor: starts children in stages, restarts them, and stops the stages in reverse."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import monotonic

import click

from server.processes.supervision import restarts
from server.processes.supervision.child import Child, ChildSpec
from server.processes.supervision.console import show
from server.processes.supervision.pulse import BEAT_SECONDS, FROZEN_SECONDS, Pulse, pulse_file

ASKED = 3  # questions without an answer, each within 10 s, after which a process is taken for frozen
SOON = 15.0  # seconds in which a part is usually ready; afterwards it is asked less often


class CannotStart(click.ClickException):
    """Failed start: a sentence with the last output of the process."""


class Supervisor:
    """Supervisor of child processes: `run` starts them by stages, restarts them until a signal, and
    stops them."""

    def __init__(self, logs: Path, *, bare: bool = False) -> None:
        """`bare`: the children's output is for machines and passed on unchanged."""
        self._logs, self._bare = logs, bare
        self._stages: list[list[Child]] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._stop_asked = asyncio.Event()
        self._failed: CannotStart | None = None
        self._started = False

    @property
    def pids(self) -> dict[str, int]:
        return {child.spec.name: child.pid for stage in self._stages for child in stage if child.pid}

    async def run(self, bring_up: Callable[[], Awaitable[None]]) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP. Raises CannotStart when a stage cannot start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        starting = asyncio.ensure_future(bring_up())
        stopping = asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                self._started = True  # from now on every child is restarted
                await stopping
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self._stop()
        if self._failed:
            raise self._failed

    def start(self, specs: Sequence[ChildSpec]) -> None:
        """Start one stage. Stages are stopped in reverse order."""
        stage = [Child(spec, self._logs, bare=self._bare) for spec in specs]
        self._stages.append(stage)
        self._keeping += [asyncio.create_task(self._keep(child)) for child in stage]

    async def once(self, spec: ChildSpec) -> None:
        """Run a process that has to succeed before the rest starts."""
        child = Child(spec, self._logs, bare=self._bare)
        try:
            if code := await child.run():
                raise CannotStart(_start_failure(child, code))
        finally:
            await child.stop()
            child.output.close()

    async def until(self, what: str, ready: Callable[[], Awaitable[bool]], seconds: float) -> None:
        begun = monotonic()
        while not await ready():
            waited = monotonic() - begun
            if waited > seconds:
                raise CannotStart(f"{what} did not answer within {seconds:g} s. Its log is in {self._logs}.")
            await asyncio.sleep(0.05 if waited < SOON else 1)

    def end(self) -> None:
        """Stop as after a signal."""
        self._stop_asked.set()

    async def _stop(self) -> None:
        self._stop_asked.set()
        for keeper in self._keeping:
            keeper.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        for stage in reversed(self._stages):
            for child, ended in zip(stage, await asyncio.gather(*(c.stop() for c in stage)), strict=True):
                if not ended:
                    show(f"{child.spec.name} did not end in {child.spec.stop_seconds:g} s and was killed.")
                child.output.close()

    def _on_signal(self) -> None:
        if self._stop_asked.is_set():  # the second Ctrl-C
            for stage in self._stages:
                for child in stage:
                    child.kill()
        else:
            show("Stopping …")
        self._stop_asked.set()

    async def _keep(self, child: Child) -> None:
        exits = 0
        while True:
            started_at = monotonic()
            watching = asyncio.create_task(_end_when_frozen(child))
            code = await child.run()
            watching.cancel()
            exits = restarts.exits_in_a_row(exits, monotonic() - started_at)
            if restarts.start_failed(exits, code, started=self._started):
                self._failed = CannotStart(_start_failure(child, code))
                self._stop_asked.set()
                return
            delay = restarts.restart_delay(exits)
            child.output.notice(
                f"{child.spec.name} {restarts.describe_exit(code)}; it starts again in {delay:g} s."
            )
            await asyncio.sleep(delay)


async def _end_when_frozen(child: Child) -> None:
    """Kill a child that no longer moves: what runs next then restarts it."""
    spec = child.spec
    if spec.answers is not None:
        await _silence(spec.answers)
        child.output.notice(f"{spec.name} does not answer and is ended.")
    elif spec.pulse is not None:
        await _pulse_end(child, spec.pulse)
        child.output.notice(f"{spec.name} has not moved for {FROZEN_SECONDS:g} s and is ended.")
    else:
        return
    child.kill()


async def _pulse_end(child: Child, run_folder: Path) -> None:
    pulse = Pulse()
    while not (child.pid and pulse.is_frozen(pulse_file(run_folder, child.pid), monotonic())):  # noqa: ASYNC110
        await asyncio.sleep(BEAT_SECONDS)


async def _silence(answers: Callable[[], Awaitable[bool]]) -> None:
    """Return after ASKED unanswered questions in a row: a machine that slept misses only one."""
    unanswered = 0
    while unanswered < ASKED:
        await asyncio.sleep(BEAT_SECONDS)
        unanswered = 0 if await answers() else unanswered + 1


def _start_failure(child: Child, code: int) -> str:
    lines = "\n".join(f"  {line}" for line in child.output.last_lines)
    return f"{child.spec.name} cannot start: it {restarts.describe_exit(code)}. Its last output:\n{lines}"
