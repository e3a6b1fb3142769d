"""Serving benchmark: `python -m benchmarks serving`, granian and uvicorn with 64 clients.

Segments and playlists from the same application, data and settings. The two servers alternate, each pinned to
the first core and the load generator to the second. With nginx on PATH the static file is measured too, as
the upper bound.
"""

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lecture import make_lecture
from server.core.clock import SystemClock
from server.settings import child_environment, load

CLIENTS = 64
SECONDS = 3.0  # for each measurement
TURNS = 3
ROOT = Path(__file__).parents[1]
PATHS = {  # label -> path below the lecture's media path
    "segment, 2 MB": "1080p/00000.1.m4s",
    "segment, 500 kB": "480p/00000.1.m4s",
    "segment, 100 kB": "small/00000.1.m4s",
    "playlist of 2 h, gzip": "1080p/index.m3u8",
    "master playlist": "master.m3u8",
}
SERVERS = {
    "granian": ("-m", "server", "server"),
    "uvicorn": ("-m", "benchmarks.serving"),
}
NGINX_FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # created at start, never used

Figures = dict[str, float]


def run() -> None:
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        data = Path(folder) / "data"
        address = asyncio.run(make_lecture(data, SystemClock().now()))
        heads = "response", "granian /s", "uvicorn /s", "ratio", "MB/s", "p99 ms", "", "per CPU second", ""
        print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
        for what, path in PATHS.items():
            print(_row(what, _alternate(data, address + path)), flush=True)
        _nginx(data, address)


def _alternate(data: Path, path: str) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {name: [] for name in SERVERS}
    for _ in range(TURNS):
        for name, arguments in SERVERS.items():
            with _serving((sys.executable, *arguments), data) as (port, pid):
                found[name].append(_measure(pid, port, path))
    return found


def _measure(pid: int, port: int, path: str) -> Figures:
    _crowd(port, path, 0.5)  # warm-up: fills the caches
    before = _cpu_seconds(pid)
    figures = _crowd(port, path, SECONDS)
    return figures | {"per_cpu": figures["count"] / (_cpu_seconds(pid) - before)}


def _row(what: str, found: dict[str, list[Figures]]) -> str:
    def medians(figure: str, *servers: str) -> list[str]:
        return [f"{statistics.median(turn[figure] for turn in found[name]):,.0f}" for name in servers]

    pairs = zip(found["granian"], found["uvicorn"], strict=True)
    ratio = statistics.median(one["requests"] / other["requests"] for one, other in pairs)
    cells = [what, *medians("requests", *SERVERS), f"{ratio:.2f}", *medians("megabytes", "granian")]
    return f"| {' | '.join([*cells, *medians('p99', *SERVERS), *medians('per_cpu', *SERVERS)])} |"


def _nginx(data: Path, address: str) -> None:
    program, video = shutil.which("nginx"), address.strip("/").rpartition("/")[2]
    if program is None:
        print("\nnginx is not on PATH: skipped.")
        return
    port, root = _free_port(), data / "objects" / "videos" / video
    settings = data / "nginx.conf"
    folders = " ".join(f"{name}_temp_path {data}/nginx;" for name in NGINX_FOLDERS)
    settings.write_text(
        f"daemon off; worker_processes 1; pid {data}/nginx.pid; error_log {data}/nginx.log; user root;"
        f"events {{ worker_connections 256; }} http {{ access_log off; sendfile on; tcp_nopush on; {folders}"
        f"keepalive_requests 1000000; server {{ listen 127.0.0.1:{port}; root {root}; }} }}"
    )
    print("\n| nginx, static files | /s | MB/s | p99 ms |\n|---|---|---|---|")
    with _running((program, "-c", str(settings)), {}, port):
        for what, path in PATHS.items():
            if path.endswith(".m4s"):
                got = _crowd(port, "/" + path, SECONDS)
                print(f"| {what} | {got['requests']:,.0f} | {got['megabytes']:,.0f} | {got['p99']:.0f} |")


@contextmanager
def _serving(command: tuple[str, ...], data: Path) -> Iterator[tuple[int, int]]:
    port = _free_port()
    settings, _ = load({}, data=data, port=port)
    environment = child_environment(settings) | {"SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0"}
    with _running(command, environment, port) as pid:
        yield port, pid


@contextmanager
def _running(command: tuple[str, ...], environment: dict[str, str], port: int) -> Iterator[int]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment or None,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: _pin(0),  # noqa: PLW1509  (no threads here)
        )
        try:
            while not _accepts_connections(port):
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(log.read().decode()[-2000:])
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _crowd(port: int, path: str, seconds: float) -> Figures:
    command = (
        sys.executable,
        "-m",
        "benchmarks.crowd",
        "127.0.0.1",
        str(port),
        path,
        str(CLIENTS),
        str(seconds),
    )
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, preexec_fn=lambda: _pin(-1))
    return dict(json.loads(done.stdout))


def _cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and its threads: proc_pid_stat(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pin(which: int) -> None:
    """Pins the child process to one core; without effect on a single-core machine."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[which]})


def _accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve_with_uvicorn() -> None:
    import uvicorn

    from server.core.logging import configure_logging
    from server.processes.web import BACKLOG, application
    from server.services import open_services

    settings, _ = load()
    configure_logging(settings.log_level, settings.log_format)
    uvicorn.run(
        application(open_services(settings)),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        backlog=BACKLOG,
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    _serve_with_uvicorn()
