"""Keeps a handful of processes running: starts them in order, again when they die, ends them in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import monotonic

import click

from server.processes.supervision import restarts
from server.processes.supervision.child import Child, ChildSpec
from server.processes.supervision.console import show


class CannotStart(click.ClickException):
    """A sentence, with the last words of the process that could not start."""


class Supervisor:
    """`run` brings things up stage by stage, holds them up until it is told to stop, and ends them."""

    def __init__(self, logs: Path, *, bare: bool = False) -> None:
        """`bare`: what the children say is for machines, and is passed on as it is."""
        self._logs, self._bare = logs, bare
        self._stages: list[list[Child]] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._stop_asked = asyncio.Event()
        self._failed: CannotStart | None = None
        self._started = False

    @property
    def pids(self) -> dict[str, int]:
        return {child.spec.name: child.pid for stage in self._stages for child in stage if child.pid}

    async def run(self, bring_up: Callable[[], Awaitable[None]]) -> None:
        """Until SIGINT, SIGTERM or SIGHUP. Raises CannotStart when a stage cannot come up."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        starting = asyncio.ensure_future(bring_up())
        stopping = asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                self._started = True  # from now on nothing is given up
                await stopping
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self._stop()
        if self._failed:
            raise self._failed

    def start(self, specs: Sequence[ChildSpec]) -> None:
        """Begin one stage. Stages end in the opposite order."""
        stage = [Child(spec, self._logs, bare=self._bare) for spec in specs]
        self._stages.append(stage)
        self._keepers += [asyncio.create_task(self._keep(child)) for child in stage]

    async def once(self, spec: ChildSpec) -> None:
        """A process that has to end well before the rest starts."""
        child = Child(spec, self._logs, bare=self._bare)
        try:
            if code := await child.run():
                raise CannotStart(_last_words(child, code))
        finally:
            await child.stop()
            child.voice.close()

    async def until(self, what: str, ready: Callable[[], Awaitable[bool]], seconds: float) -> None:
        end = monotonic() + seconds
        while not await ready():
            if monotonic() > end:
                raise CannotStart(f"{what} did not answer within {seconds:g} s. Its log is in {self._logs}.")
            await asyncio.sleep(0.05)

    async def _stop(self) -> None:
        self._stop_asked.set()
        show("Stopping …")
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for stage in reversed(self._stages):
            for child, ended in zip(stage, await asyncio.gather(*(c.stop() for c in stage)), strict=True):
                if not ended:
                    show(f"{child.spec.name} did not end in {child.spec.stop_seconds:g} s and was killed.")
                child.voice.close()

    def _on_signal(self) -> None:
        if self._stop_asked.is_set():  # the second Ctrl-C
            for stage in self._stages:
                for child in stage:
                    child.kill()
        self._stop_asked.set()

    async def _keep(self, child: Child) -> None:
        deaths = 0
        while True:
            begun = monotonic()
            code = await child.run()
            deaths = restarts.deaths_in_a_row(deaths, monotonic() - begun)
            if restarts.gives_up(deaths, code, started=self._started):
                self._failed = CannotStart(_last_words(child, code))
                self._stop_asked.set()
                return
            delay = restarts.restart_delay(deaths)
            child.voice.tell(f"{child.spec.name} {restarts.ending(code)}; it starts again in {delay:g} s.")
            await asyncio.sleep(delay)


def _last_words(child: Child, code: int) -> str:
    said = "\n".join(f"  {line}" for line in child.voice.last_lines)
    return f"{child.spec.name} cannot start: it {restarts.ending(code)}. Its last words:\n{said}"
