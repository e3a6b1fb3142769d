"""Supervisor with small real processes: order, restarts, exits."""

import asyncio
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.processes.supervision import restarts
from server.processes.supervision.child import ChildSpec
from server.processes.supervision.supervisor import CannotStart, Supervisor
from server.processes.up import make_data_folder
from server.processes.valkey import LocalQueue
from server.settings import Settings

SLEEPS = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
PRINTS_STOP_TIME = """
import signal, sys, time
def end(*_):
    print('ended at', time.monotonic()); sys.exit(0)
signal.signal(signal.SIGTERM, end); print('up'); time.sleep(600)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(tmp_path)


def child(name: str, program: str, stop_seconds: float = 5.0) -> ChildSpec:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return ChildSpec(name, (sys.executable, "-c", program), environment, stop_seconds)


async def run_until(
    supervisor: Supervisor, begin: Callable[[], Awaitable[None]], log: Path, text: str
) -> float:
    """Start, wait for the text in a child's log, stop by SIGTERM. Seconds until stopped."""
    running = asyncio.create_task(supervisor.run(begin))
    await wait_for_text(log, text)
    asked = time.monotonic()
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    return time.monotonic() - asked


async def wait_for_text(log: Path, text: str) -> None:
    async with asyncio.timeout(20):
        while not log.exists() or text not in log.read_text():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.01)


async def test_exited_child_is_restarted_with_growing_delay(supervisor: Supervisor, tmp_path: Path) -> None:
    async def begin() -> None:
        supervisor.start([child("mortal", "raise SystemExit(3)")])

    log = tmp_path / "mortal.log"
    await run_until(supervisor, begin, log, "ended with code 3; it starts again in 2 s.")
    lines = [line for line in log.read_text().splitlines() if "starts again" in line]
    assert [line.split()[-2] for line in lines] == ["0.5", "1", "2"]
    assert supervisor.pids == {}


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOMEM, "no memory"), subprocess.SubprocessError("no fork")]
)
async def test_failed_restart_is_retried(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    starts, real = 0, asyncio.create_subprocess_exec

    async def fail_twice(*argv: Any, **options: Any) -> asyncio.subprocess.Process:
        nonlocal starts
        starts += 1
        if starts in (2, 3):
            raise failure
        return await real(*argv, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", fail_twice)

    async def begin() -> None:
        supervisor.start([child("mortal", "print('alive'); raise SystemExit(3)")])

    log = tmp_path / "mortal.log"
    await run_until(supervisor, begin, log, "ended with code 3; it starts again in 4 s.")
    lines = log.read_text().splitlines()
    assert [line for line in lines if "cannot be started" in line] == [
        f"mortal cannot be started: {failure}"
    ] * 2
    assert lines.count("alive") == 2


async def test_child_that_cannot_be_executed_fails_the_start(supervisor: Supervisor) -> None:
    async def begin() -> None:
        supervisor.start([ChildSpec("missing", ("/nowhere/program",), {}, 1)])
        await asyncio.sleep(60)

    with pytest.raises(CannotStart, match=r"Its last output:\n  missing cannot be started: .*No such file"):
        await asyncio.wait_for(supervisor.run(begin), 20)


async def test_stages_stop_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    async def begin() -> None:
        supervisor.start([child("queue", PRINTS_STOP_TIME)])
        await wait_for_text(tmp_path / "queue.log", "up")  # else it may be stopped before it handles signals
        supervisor.start([child("worker", PRINTS_STOP_TIME)])

    await run_until(supervisor, begin, tmp_path / "worker.log", "up")
    worker, queue = (
        float((tmp_path / f"{name}.log").read_text().split()[-1]) for name in ("worker", "queue")
    )
    assert worker < queue


async def test_child_that_ignores_sigterm_is_killed(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def begin() -> None:
        supervisor.start([child("stubborn", STUBBORN, stop_seconds=0.3)])

    assert await run_until(supervisor, begin, tmp_path / "stubborn.log", "up") < 5
    assert "stubborn did not end in 0.3 s and was killed." in capsys.readouterr().out


async def test_configuration_error_fails_the_start_with_last_output(supervisor: Supervisor) -> None:
    program = f"print('There is no FFmpeg.'); raise SystemExit({restarts.CONFIGURATION})"

    async def begin() -> None:
        supervisor.start([child("keeper", SLEEPS)])
        supervisor.start([child("hopeless", program)])
        await asyncio.sleep(60)

    with pytest.raises(CannotStart, match=r"hopeless cannot start: .*\n  There is no FFmpeg\."):
        await asyncio.wait_for(supervisor.run(begin), 20)
    assert supervisor.pids == {}


async def test_failed_preparation_fails_the_start(supervisor: Supervisor) -> None:
    with pytest.raises(CannotStart, match="prepare cannot start: it ended with code 1"):
        await supervisor.run(lambda: supervisor.once(child("prepare", "raise SystemExit(1)")))


async def test_long_lines_are_split_and_last_line_needs_no_newline(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.once(child("loud", "print('x' * 200_000, end='')"))
    lines = (tmp_path / "loud.log").read_text().splitlines()
    assert sum(map(len, lines)) == 200_000
    assert max(map(len, lines)) <= 2 * 64 * 2**10


async def test_bare_output_stays_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor = Supervisor(tmp_path, bare=True)

    async def begin() -> None:
        supervisor.start([child("mortal", """print('{"message": "hello"}'); raise SystemExit(3)""")])

    await run_until(supervisor, begin, tmp_path / "mortal.log", "it starts again")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert lines[0] == {"message": "hello"}
    assert lines[1]["process"] == "mortal"


BEATS = """
import asyncio, sys
from pathlib import Path
from server.processes.supervision import pulse
pulse.BEAT_SECONDS = 0.05
print('up', flush=True)
asyncio.run(pulse.beat(Path(sys.argv[1])))
"""


async def test_frozen_child_is_ended_and_started_again(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, it holds its port and ends no connection; only its pulse tells."""
    monkeypatch.setattr("server.processes.supervision.supervisor.BEAT_SECONDS", 0.1)
    monkeypatch.setattr("server.processes.supervision.pulse.FROZEN_SECONDS", 1.0)

    async def begin() -> None:
        spec = child("server", BEATS)
        supervisor.start([replace(spec, argv=(*spec.argv, str(tmp_path)), pulse=tmp_path)])
        await wait_for_text(tmp_path / "server.log", "up")
        first = supervisor.pids["server"]
        await asyncio.sleep(2.0)
        assert supervisor.pids["server"] == first  # it beats
        os.kill(first, signal.SIGSTOP)

    log = tmp_path / "server.log"
    await run_until(supervisor, begin, log, "it starts again in 0.5 s.")
    lines = log.read_text().splitlines()
    assert [line for line in lines if line != "up"] == [
        "server has not moved for 30 s and is ended.",
        "server was ended by signal 9; it starts again in 0.5 s.",
    ]


async def test_frozen_or_unreachable_local_queue_is_started_again(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen it answers nobody; without its folder nobody finds it, and its configuration is gone."""
    monkeypatch.setattr("server.processes.supervision.supervisor.BEAT_SECONDS", 0.1)
    monkeypatch.setattr("server.processes.valkey.ANSWER_SECONDS", 0.2)
    settings = Settings(data=tmp_path / "data")
    make_data_folder(settings.data)
    queue = LocalQueue(settings)

    async def another(before: int) -> bool:
        return supervisor.pids.get("valkey", before) != before and await queue.answers()

    async def begin() -> None:
        supervisor.start([queue.prepare()])
        await supervisor.until("Valkey", queue.answers, 20)
        address, first = settings.queue, supervisor.pids["valkey"]
        await asyncio.sleep(1)
        assert supervisor.pids["valkey"] == first  # it answers
        os.kill(first, signal.SIGSTOP)
        await supervisor.until("Valkey", lambda: another(first), 20)
        second = supervisor.pids["valkey"]
        shutil.rmtree(settings.run_folder)
        await supervisor.until("Valkey", lambda: another(second), 20)
        assert settings.queue == address, "those that know it find it again"
        os.kill(os.getpid(), signal.SIGTERM)

    await supervisor.run(begin)
    assert (tmp_path / "valkey.log").read_text().count("valkey does not answer and is ended.") == 2
