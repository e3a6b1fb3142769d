"""Scheduled tasks: one leased row a task, any number of schedulers, every slot once.

A slot is done when its run has ended well; only then does the row move on to the next. When a
scheduler dies in the middle, its lease runs out and another one runs the same slot again, so a
task must be safe to run twice. A run that fails is tried again after RETRY_SECONDS.
"""

import asyncio
import platform
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from time import CLOCK_BOOTTIME, clock_gettime

import msgspec
import structlog
from sqlalchemy import case, or_, select, update

from server.core.audit.recording import Subject, record
from server.core.clock import Clock, ClockWatch, next_local_hour, set_back
from server.services import Services
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Institution, ScheduledTask
from storage.messages import Message
from storage.states.privacy import AuditAction, AuditSubject

log = structlog.get_logger(__name__)

LEASE_SECONDS = 30.0  # renewed three times as often while the task runs
RETRY_SECONDS = 60.0  # after a failed run, or sooner when the interval is shorter
STOP_SECONDS = 5.0  # that runs in progress get to end when the scheduler stops
POLL_SECONDS = 5.0  # most between two reads of what is due: "Run now" and other schedulers change it
ERROR_LENGTH = 500  # characters of a failure that are kept

Run = Callable[[Services, datetime, datetime], Awaitable[Message | None]]


class Every(msgspec.Struct, frozen=True):
    """At an interval. Slots that passed while no scheduler ran are made up for by one run."""

    seconds: float


class Daily(msgspec.Struct, frozen=True):
    """Every local day at this hour of the institution's zone. Each missed day gets a run of its own."""

    hour: int


class Task(msgspec.Struct, frozen=True):
    """`run(services, slot, now)` is called with the slot's time and may return a line for Administer."""

    name: str
    title: str  # for Administer, a catalogue key
    schedule: Every | Daily
    run: Run
    per_host: bool = False  # about files of one machine: every machine has a row and runs its own
    in_doubt: bool = False  # also while the clock is in doubt: it deletes, pays and ends nothing by age


class Lease(msgspec.Struct, frozen=True):
    """Lease of one slot."""

    row: str  # name of the row
    slot: datetime
    fence: int


def row_name(task: Task, host: str) -> str:
    return host_row_name(task.name, host) if task.per_host else task.name


def host_row_name(task_name: str, host: str) -> str:
    return f"{task_name}@{host}"


def this_host() -> str:
    """The machine's name, as `workers`, `uploads` and per-host tasks store it."""
    return platform.node()


def since_boot() -> float:
    return clock_gettime(CLOCK_BOOTTIME)


async def run_tasks(
    services: Services,
    tasks: Sequence[Task],
    clock: Clock,
    stopping: asyncio.Event,
    host: str | None = None,
    watch: ClockWatch | None = None,
) -> None:
    """Run what is due until `stopping` is set. A task that takes long delays no other."""
    rows = {row_name(task, host or this_host()): task for task in tasks}
    running: dict[str, asyncio.Task[None]] = {}
    watch, doubted = watch or ClockWatch(since_boot), False
    while not stopping.is_set():
        seconds = POLL_SECONDS
        try:
            now = clock.now()
            if watch.in_doubt(now) != doubted:
                doubted = not doubted
                log.warning("clock went ahead, tasks wait" if doubted else "clock is believed", now=now)
            runnable = {name: task for name, task in rows.items() if task.in_doubt or not doubted}
            free = await _free_from(services.database, runnable, now)
            for name in [name for name, task in running.items() if not task.done()]:
                free.pop(name, None)
            for name in far_ahead(rows, free, now):
                log.warning("clock set back", task=name)
                await run_now(services.database, name, now)
                free[name] = now
            for name in _due(free, now):
                running[name] = asyncio.create_task(_run_logged(services, rows[name], name, clock))
            seconds = pause(free.values(), now)
        except Exception as failure:  # the database may be unreachable for a while
            log.warning("scheduled tasks could not be read", error=_told(failure))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stopping.wait()
    if running:
        await asyncio.wait(running.values(), timeout=STOP_SECONDS)
    for task in running.values():
        task.cancel()
    await asyncio.gather(*running.values(), return_exceptions=True)


async def _run_logged(services: Services, task: Task, name: str, clock: Clock) -> None:
    """`run_once`; where the row cannot be written, the lease's end brings the slot again."""
    try:
        await run_once(services, task, name, clock)
    except Exception as failure:
        log.warning("scheduled task not recorded", task=name, error=_told(failure))


async def due(database: Database, rows: Collection[str], now: datetime) -> list[str]:
    """Names of the rows whose slot has come and that nobody is running. Adds rows that are missing."""
    return _due(await _free_from(database, rows, now), now)


def _due(free: Mapping[str, datetime], now: datetime) -> list[str]:
    return [name for name, moment in free.items() if moment <= now]


def far_ahead(rows: Mapping[str, Task], free: Mapping[str, datetime], now: datetime) -> list[str]:
    """Rows that are due later than their interval allows, because the clock was set back meanwhile: without
    being asked for, they would rest until it has caught up. A daily task waits for its hour anyway."""
    return [
        name
        for name, moment in free.items()
        if isinstance(schedule := rows[name].schedule, Every)
        and set_back(moment, now + timedelta(seconds=max(schedule.seconds, RETRY_SECONDS)))
    ]


def pause(free: Collection[datetime], now: datetime) -> float:
    """Seconds until the next slot, at most POLL_SECONDS; slots that have come are running."""
    return min([POLL_SECONDS, *((moment - now).total_seconds() for moment in free if moment > now)])


async def _free_from(database: Database, rows: Collection[str], now: datetime) -> dict[str, datetime]:
    """For each row the time from which its slot can be run: when it is due and no lease holds it."""
    columns = select(ScheduledTask.name, ScheduledTask.due_at, ScheduledTask.lease_until)
    async with database.read() as session:
        known = (await session.execute(columns.where(ScheduledTask.name.in_(rows)))).all()
    free = {row.name: max(row.due_at, row.lease_until or row.due_at) for row in known}
    if missing := set(rows) - free.keys():
        async with database.write() as session:
            for name in sorted(missing):
                await insert_new(session, ScheduledTask, name=name, due_at=now, fence=0)
        return await _free_from(database, rows, now)
    return {name: free[name] for name in rows}


async def run_once(services: Services, task: Task, name: str, clock: Clock) -> None:
    """Lease the row's slot, run it, and move the row on. Nothing when another scheduler was first."""
    lease = await _lease(services.database, name, clock.now())
    if lease is None:
        return
    result, error = None, ""
    renewing = asyncio.create_task(_renew(services.database, lease, clock))
    try:
        result = await task.run(services, lease.slot, clock.now())
    except Exception as failure:
        error = _told(failure)
        log.warning("scheduled task failed", task=name, error=error)
    finally:  # before the outcome is written, or a late renewal would lease the next slot
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
    if error:
        await _failed(services.database, task, lease, error, clock.now())
    else:
        await _ended(services.database, task, lease, result, clock.now())


async def _lease(database: Database, name: str, now: datetime) -> Lease | None:
    async with database.write() as session:
        row = (
            await session.execute(
                update(ScheduledTask)
                .where(
                    ScheduledTask.name == name,
                    ScheduledTask.due_at <= now,
                    or_(ScheduledTask.lease_until.is_(None), ScheduledTask.lease_until <= now),
                )
                .values(
                    lease_until=now + timedelta(seconds=LEASE_SECONDS),
                    fence=ScheduledTask.fence + 1,
                    last_started=now,
                )
                .returning(ScheduledTask.due_at, ScheduledTask.fence)
            )
        ).one_or_none()
    return Lease(name, row.due_at, row.fence) if row else None


async def _renew(database: Database, lease: Lease, clock: Clock) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS / 3)
        with suppress(Exception):  # tried again in the next round; meanwhile the lease may run out
            until = clock.now() + timedelta(seconds=LEASE_SECONDS)
            await _update(database, lease, lease_until=until)


async def _ended(database: Database, task: Task, lease: Lease, result: Message | None, now: datetime) -> None:
    zone = await _time_zone(database) if isinstance(task.schedule, Daily) else "UTC"
    await _update(
        database,
        lease,
        due_at=next_slot(task.schedule, lease.slot, now, zone),
        lease_until=None,
        last_ended=now,
        last_result=result,
        last_error=None,
    )


async def _time_zone(database: Database) -> str:
    async with database.read() as session:
        place = await session.get(Institution, 1)
    return place.time_zone if place else "UTC"


async def _failed(database: Database, task: Task, lease: Lease, error: str, now: datetime) -> None:
    """The slot stays due; the lease keeps it from being tried again at once."""
    interval = task.schedule.seconds if isinstance(task.schedule, Every) else RETRY_SECONDS
    again = now + timedelta(seconds=min(interval, RETRY_SECONDS))
    await _update(database, lease, lease_until=again, last_ended=now, last_error=error)


async def _update(database: Database, lease: Lease, **values: object) -> None:
    """Update the row while the lease is still valid."""
    async with database.write() as session:
        await session.execute(
            update(ScheduledTask)
            .where(ScheduledTask.name == lease.row, ScheduledTask.fence == lease.fence)
            .values(**values)
        )


def next_slot(schedule: Every | Daily, slot: datetime, now: datetime, zone: str) -> datetime:
    """When the task is due after `slot` was done at `now`."""
    if isinstance(schedule, Daily):
        return next_local_hour(slot, zone, schedule.hour)
    following = slot + timedelta(seconds=schedule.seconds)
    return following if following > now else now + timedelta(seconds=schedule.seconds)


async def run_now(database: Database, name: str, now: datetime, *, by: str | None = None) -> bool:
    """Use case: make a task due at once; False when there is no such row. A run in progress goes on,
    and slots that were missed stay due. `by`: the administrator who asked for it; None: the server."""
    waits_for_retry = ScheduledTask.last_ended >= ScheduledTask.last_started
    async with database.write() as session:
        found = await session.scalar(
            update(ScheduledTask)
            .where(ScheduledTask.name == name)
            .values(
                due_at=case((ScheduledTask.due_at > now, now), else_=ScheduledTask.due_at),
                lease_until=case((waits_for_retry, None), else_=ScheduledTask.lease_until),
            )
            .returning(ScheduledTask.name)
        )
        if found is not None and by is not None:
            about = Subject(AuditSubject.TASK, name, name)
            await record(session, by, AuditAction.TASK_RUN, now, about=about)
    return found is not None


def _told(failure: BaseException) -> str:
    return f"{type(failure).__name__}: {failure}"[:ERROR_LENGTH]
