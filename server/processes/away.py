"""Services that are away at a start: the process says which in one line, and goes on when they come."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.core.commands import sentence
from server.core.logging import configure_logging
from server.processes.supervision import restarts
from server.services import Services, services
from server.settings import Settings, load, without_password
from storage.expected import create_unless_expected, has_strangers
from storage.objects.store import StoreError

ASK_SECONDS = 2.0  # between two rounds
CHECK_SECONDS = 5.0  # time limit of one check
REMIND_SECONDS = 60.0
NAMES = {"database": "the database", "queue": "the queue", "objects": "the object store"}

log = structlog.get_logger(__name__)
Result = TypeVar("Result")


async def wait_for_services(opened: Services, stopping: asyncio.Event) -> None:
    """Return when database, queue and object store answer, or `stopping` is set."""
    told: set[str] = set()
    remind_at = 0.0
    while (away := await _unless_stopped(stopping, _away(opened))) is not None:
        if away.keys() != told or (away and monotonic() > remind_at):
            _tell(away)
            told, remind_at = set(away), monotonic() + REMIND_SECONDS
        if not away:
            return await _warn_of_strangers(opened)
        await _unless_stopped(stopping, asyncio.sleep(ASK_SECONDS))


def _tell(away: dict[str, str]) -> None:
    if away:
        log.warning(f"waiting for {' and '.join(NAMES[name] for name in away)}", **away)
    else:
        log.info("database, queue and object store answer")


async def _away(opened: Services) -> dict[str, str]:
    """Reasons by the name of each service that does not answer."""
    settings = opened.settings
    checks: dict[str, Callable[[], Awaitable[None]]] = {
        "database": lambda: _database(opened),
        "queue": lambda: _queue(opened),
        "objects": lambda: create_unless_expected(opened.database, opened.store, settings.s3_bucket),
    }
    addresses = (settings.database, settings.queue, settings.s3_endpoint or str(settings.objects_folder))
    reasons = await asyncio.gather(*map(_reason, checks.values(), addresses))
    return {name: reason for name, reason in zip(checks, reasons, strict=True) if reason}


async def _reason(check: Callable[[], Awaitable[None]], address: str) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return f"{without_password(address)} does not answer"
    except Exception as failure:
        return str(failure)
    return ""


async def _warn_of_strangers(opened: Services) -> None:
    """Objects beside an empty database are no reason not to start, and most likely a mistake."""
    with suppress(StoreError, SQLAlchemyError, OSError):
        async with opened.database.read() as session:
            if await has_strangers(session, opened.store):
                log.warning(
                    "the object store has objects, and the database is new and knows none of them",
                    remedy="stop, and restore the database that belongs to them, or choose another store",
                )


async def _database(opened: Services) -> None:
    async with opened.database.read() as session:
        await session.execute(text("SELECT 1"))


async def _queue(opened: Services) -> None:
    if refusal := await asyncio.to_thread(opened.queue.refusal):
        raise OSError(f"{without_password(opened.settings.queue)}: {refusal}")


async def _unless_stopped(stopping: asyncio.Event, work: Awaitable[Result]) -> Result | None:
    """Result of the work; None, and the work cancelled, when `stopping` was set before its end."""
    working, stopped = asyncio.ensure_future(work), asyncio.create_task(stopping.wait())
    await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (working, stopped):
        task.cancel()
    with suppress(asyncio.CancelledError):
        return await working
    return None


async def _wait(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with services(settings) as opened:
        await wait_for_services(opened, stopping)


def main() -> int:
    """Entry point for `skillstudio worker`, which starts its processes when there is work to be had."""
    settings, _ = load()
    configure_logging(settings.log_level, settings.log_format)
    try:
        asyncio.run(_wait(settings))
    except Exception as failure:
        message = sentence(failure)
        if message is None:
            raise
        print(message)
        return restarts.CONFIGURATION
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
