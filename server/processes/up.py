"""`skillstudio up`: all processes on one machine, and their start order."""

import asyncio
import json
import os
import stat
import sys
from math import inf
from pathlib import Path

from server.core.instance import UP, only_instance
from server.operations import ports
from server.processes.startup_summary import show_table
from server.processes.supervision.child import ChildSpec
from server.processes.supervision.http_probe import answers, services_answer
from server.processes.supervision.supervisor import CannotStart, Supervisor
from server.processes.valkey import LocalQueue
from server.settings import PREPARED_FILE, Settings, child_environment

READY_SECONDS = 60.0


def up(settings: Settings) -> None:
    """Run until stopped by a signal. Raises CannotStart or AlreadyRuns with a sentence."""
    if not settings.data.exists():  # no instance runs in it: refuse before anything is created
        _require_port(settings)
    make_data_folder(settings.data)
    with only_instance(settings.run_folder, UP, settings.public_url):
        _require_port(settings)
        supervisor = Supervisor(settings.log_folder, bare=settings.log_format == "json")
        asyncio.run(supervisor.run(lambda: _bring_up(settings, supervisor)))


def run_workers(settings: Settings) -> None:
    """Run only the workers of this machine, for a set-up of several machines."""
    make_data_folder(settings.data)

    async def bring_up() -> None:
        await supervisor.once(_python(settings, "services", "-m", "server.processes.away"))
        supervisor.start(worker_specs(settings))

    with only_instance(settings.run_folder, f"worker-{os.uname().nodename}", "its workers"):
        supervisor = Supervisor(settings.log_folder, bare=settings.log_format == "json")
        asyncio.run(supervisor.run(bring_up))


def _require_port(settings: Settings) -> None:
    if reason := ports.blocked(settings.host, settings.port):
        raise CannotStart(reason)


def make_data_folder(folder: Path) -> None:
    """Create the data folder, private: it holds the database, the keys and all lectures. One that was there
    before loses what others may do in it; its group is the operator's decision."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & stat.S_IRWXO:
            folder.chmod(mode & ~stat.S_IRWXO)
        for name in ("run", "logs"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder} cannot be written ({error.strerror}). Choose another with --data."
        ) from None


async def _bring_up(settings: Settings, supervisor: Supervisor) -> None:
    queue = None if settings.queue_url else LocalQueue(settings)
    if queue:
        supervisor.start([queue.prepare()])
    await supervisor.once(_python(settings, "prepare", "-m", "server.processes.prepare"))
    if queue:
        await supervisor.until("Valkey", queue.answers, 60)
    supervisor.start(server_specs(settings))  # alone at first, so that the first page is served soon
    await supervisor.until("The web server", lambda: answers(settings, "/health/live"), READY_SECONDS)
    # A service elsewhere may come late, after a power cut for example; the web server says which is awaited.
    patience = inf if settings.queue_url or settings.s3_endpoint or settings.database_url else READY_SECONDS
    await supervisor.until("The queue or the object store", lambda: services_answer(settings), patience)
    scheduler = _python(settings, "scheduler", "-m", "server", "scheduler", pulse=True)
    supervisor.start([*worker_specs(settings), scheduler])
    await supervisor.until("One of the parts", lambda: answers(settings, "/health/ready"), patience)
    show_table(settings, supervisor.pids, _prepared(settings))


def worker_specs(settings: Settings) -> list[ChildSpec]:
    """One quick worker, so that short jobs never wait behind an encode, and one encoder per core."""
    encoders = settings.workers or len(os.sched_getaffinity(0))
    queues = [("quick", "quick"), *(("transcode", f"encode-{n}") for n in range(1, encoders + 1))]
    return [
        _python(settings, slot, "-m", "server", "worker", "--queue", queue, "--slot", slot, seconds=46)
        for queue, slot in queues
    ]


def server_specs(settings: Settings) -> list[ChildSpec]:
    names = ["server", *(f"server-{n}" for n in range(2, settings.server_processes + 1))]
    return [_python(settings, name, "-m", "server", "server", pulse=True) for name in names]


def _python(
    settings: Settings, name: str, *arguments: str, seconds: float = 9, pulse: bool = False
) -> ChildSpec:
    return ChildSpec(
        name,
        (sys.executable, *arguments),
        child_environment(settings),
        stop_seconds=seconds,
        pulse=settings.run_folder if pulse else None,
    )


def _prepared(settings: Settings) -> dict[str, str | None]:
    path = settings.run_folder / PREPARED_FILE
    prepared: dict[str, str | None] = json.loads(path.read_text())
    path.unlink()  # it holds the set-up link
    return prepared
