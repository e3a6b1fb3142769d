"""Queue and workers of the seeding: those of a running `skillstudio up`, or its own meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from server.core.clock import SystemClock
from server.core.instance import UP, holder, only_instance
from server.demo.seeding import LogIns, Show, chosen_password, seed
from server.processes.supervision.supervisor import Supervisor
from server.processes.up import make_data_folder, worker_specs
from server.processes.valkey import LocalQueue
from server.services import services
from server.settings import Settings
from storage.database import migrations
from storage.database.engine import Database

VALKEY_SECONDS = 60


def run(settings: Settings, people: int, password: str | None, show: Show) -> LogIns | None:
    """None when a signal has ended it. Raises as `seed`, and CannotStart."""
    chosen = chosen_password(password)

    async def work() -> LogIns:
        async with services(settings) as opened:
            return await seed(opened, SystemClock(), people=people, password=chosen, show=show)

    make_data_folder(settings.data)
    if holder(settings.run_folder, UP):
        return asyncio.run(work())
    with only_instance(settings.run_folder, UP, "skillstudio demo seed"):
        return asyncio.run(_alone(settings, work))


async def _alone(settings: Settings, work: Callable[[], Awaitable[LogIns]]) -> LogIns | None:
    """With a queue and workers, which end with it."""
    await _migrate(settings)
    supervisor = Supervisor(settings.log_folder, bare=True)
    done: list[LogIns] = []

    async def bring_up() -> None:
        if not settings.queue_url:
            queue = LocalQueue(settings)
            supervisor.start([queue.prepare()])
            await supervisor.until("Valkey", queue.answers, VALKEY_SECONDS)
        supervisor.start([replace(spec, quiet=True) for spec in worker_specs(settings)])
        done.append(await work())
        supervisor.end()

    await supervisor.run(bring_up)
    return done[0] if done else None


async def _migrate(settings: Settings) -> None:
    database = Database(settings.database)
    try:
        await migrations.upgrade(database)
    finally:
        await database.close()
