"""Start-up benchmark: `python -m benchmarks.startup`, `make run` to first page, and idle memory.

Everything is installed beforehand. Each start has a new data folder, so migrations and keys are included.
Goals: at most 4 s, and at most 450 MB together.
"""

import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

STARTS = 5
IDLE_SECONDS = 10.0  # before memory is read
ROOT = Path(__file__).parents[1]


def main() -> None:
    rows = [_start() for _ in range(STARTS)]
    print(f"{'':<26}{'median':>9}{'worst':>9}")
    for name, unit in (("first page", "s"), ("ready", "s"), ("PSS", "MB"), ("RSS", "MB"), ("processes", "")):
        values = [row[name] for row in rows]
        median, worst = statistics.median(values), max(values)
        print(f"{name + (f' ({unit})' if unit else ''):<26}{median:>9.2f}{worst:>9.2f}")


def _start() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="startup-", ignore_cleanup_errors=True) as folder:
        port, started = free_port(), time.monotonic()
        with _make_run(Path(folder), port) as process:
            page = wait_for(process, port, "/sign-in") - started
            ready = wait_for(process, port, "/health/ready") - started
            time.sleep(IDLE_SECONDS)
            pids = [process.pid, *descendants(process.pid)]
            pss, rss = (sum(_megabytes(pid, kind) for pid in pids) for kind in ("Pss", "Rss"))
        return {"first page": page, "ready": ready, "PSS": pss, "RSS": rss, "processes": len(pids)}


@contextmanager
def _make_run(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SKILLSTUDIO_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "-s", "run", f"DATA={folder}/data", f"PORT={port}"],
            cwd=ROOT,
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGINT)  # like Ctrl-C in a terminal
            process.wait()


def wait_for(process: "subprocess.Popen[bytes]", port: int, path: str) -> float:
    """Waits until GET `path` answers 200; returns the monotonic time."""
    while True:
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            try:
                connection.request("GET", path, headers={"Accept": "text/html"})
                if connection.getresponse().status == 200:
                    return time.monotonic()
            except (OSError, HTTPException):
                pass
        if process.poll() is not None:
            raise RuntimeError("`make run` has ended.")
        time.sleep(0.01)


def descendants(pid: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def _megabytes(pid: int, kind: str) -> float:
    """Memory by proc_pid_smaps(5): PSS divides shared pages among processes, RSS counts them in each."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
