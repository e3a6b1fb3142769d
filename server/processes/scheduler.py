"""Scheduler process: runs the tasks of `server.wiring` when they are due. Any number may run."""

import asyncio
import signal

from server.core.clock import SystemClock
from server.core.logging import configure_logging
from server.core.schedule import run_tasks
from server.processes.away import wait_for_services
from server.processes.supervision.pulse import beat
from server.services import services
from server.settings import Settings
from server.wiring import TASKS, bind


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    configure_logging(settings.log_level, settings.log_format)
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with services(settings) as opened:
        bind(opened.database)
        beating = asyncio.create_task(beat(settings.run_folder))
        await asyncio.gather(
            run_tasks(opened, TASKS, SystemClock(), stopping), wait_for_services(opened, stopping)
        )
        beating.cancel()
