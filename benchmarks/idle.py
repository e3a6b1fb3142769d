"""Idle benchmark: `python -m benchmarks.idle`, CPU time of all processes of `skillstudio up` at rest.

CPU time by proc_pid_stat(5), of the supervisor and all its descendants, Valkey included, from
`SETTLE_SECONDS` after readiness. Goal: at most 1 % of one core.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.startup import ROOT, descendants, free_port, wait_for

SETTLE_SECONDS = 15.0  # after readiness: lazy imports, first slots of all tasks
IDLE_SECONDS = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="idle-", ignore_cleanup_errors=True) as folder,
        _up(Path(folder)) as up,
    ):
        time.sleep(SETTLE_SECONDS)
        before, start = _cpu_seconds(up), time.monotonic()
        time.sleep(IDLE_SECONDS)
        after, seconds = _cpu_seconds(up), time.monotonic() - start
    print(f"{'percent of one core':<24}{'user':>8}{'system':>8}")
    spent = {
        pid: [a - b for a, b in zip(now, before[pid][1], strict=True)] for pid, (_, now) in after.items()
    }
    for pid, (name, _) in after.items():
        print(f"{name:<24}" + "".join(f"{100 * part / seconds:>8.2f}" for part in spent[pid]))
    print(f"{'all':<24}{100 * sum(map(sum, spent.values())) / seconds:>16.2f}")


@contextmanager
def _up(folder: Path) -> Iterator[int]:
    """Process id of the supervisor, once the product is ready."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SKILLSTUDIO_")}
    port = free_port()
    command = [sys.executable, "-m", "server", "up", "--data", f"{folder}/data", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            wait_for(process, port, "/health/ready")
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _cpu_seconds(supervisor: int) -> dict[int, tuple[str, tuple[float, float]]]:
    """By process id: its name, and its seconds in user and kernel mode."""
    found = {supervisor: ("supervisor", _spent(supervisor))}
    for pid in descendants(supervisor):
        program = Path(f"/proc/{pid}/comm").read_text().strip()
        last_word = Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")[-1]
        found[pid] = (last_word if program.startswith("python") else program, _spent(pid))
    return found


def _spent(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


if __name__ == "__main__":
    main()
