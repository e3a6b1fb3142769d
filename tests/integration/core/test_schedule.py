"""Scheduled tasks: every slot once whatever schedulers run, a missed one caught up, failures retried."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.core import schedule
from server.core.schedule import Daily, Every, Task, due, next_slot, run_now, run_once
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import Institution, ScheduledTask
from storage.messages import Message
from storage.objects.store import ObjectStore
from tests.architecture.source import ROOT
from tests.fixtures.database import on_both_databases
from tests.fixtures.waiting import wait_until
from tests.fixtures.web import HeldClock, RecordedQueue

# A scheduler process. Its task writes the slot to a file when it ends well; the process told to
# "hang" stops in the middle of its first run instead.
SCHEDULER = """
import asyncio, sys
from pathlib import Path
from server.core import schedule
from server.core.clock import SystemClock
from server.core.schedule import Every, Task, run_tasks
from server.services import Services
from storage.database.engine import Database
from storage.messages import Message

schedule.LEASE_SECONDS, schedule.POLL_SECONDS = 6.0, 0.05
_, url, log, hang = sys.argv

async def run(services, slot, now):
    if hang == "hang":
        print("running", slot.isoformat(), flush=True)
        await asyncio.sleep(3600)
    with Path(log).open("a") as lines:
        lines.write(slot.isoformat() + "\\n")
    return Message("done")

services = Services(None, Database(url), None, None)
asyncio.run(run_tasks(services, [Task("tick", "tick", Every(0.5), run)], SystemClock(), asyncio.Event()))
"""

DONE = Message("done")
Recording = Callable[[Services, datetime, datetime], Awaitable[Message | None]]


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


@pytest.fixture
def slots() -> list[datetime]:
    return []


@pytest.fixture
def record(slots: list[datetime]) -> Recording:
    async def run(_services: Services, slot: datetime, _now: datetime) -> Message:
        slots.append(slot)
        return DONE

    return run


async def row(database: Database, name: str) -> ScheduledTask:
    async with database.read() as session:
        return await session.get_one(ScheduledTask, name)


async def run_due(services: Services, task: Task, clock: HeldClock) -> None:
    """As three schedulers that look at the same moment."""
    for name in await due(services.database, {task.name: task}, clock.now()):
        await asyncio.gather(*(run_once(services, task, name, clock) for _ in range(3)))


@on_both_databases
async def test_killed_schedulers_slot_is_run_by_another(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "slots"
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCHEDULER, database.url, str(log), kind, cwd=ROOT, stdout=-1
        )
        for kind in ("hang", "work", "work")
    ]
    assert children[0].stdout
    hung_slot = (await asyncio.wait_for(children[0].stdout.readline(), 60)).decode().split()[1]
    children[0].kill()
    deadline = asyncio.get_running_loop().time() + 90
    done: list[str] = []
    while hung_slot not in done or len(done) < 8:  # the others may have run many slots before it started
        assert asyncio.get_running_loop().time() < deadline, (hung_slot, done)
        await asyncio.sleep(0.05)
        done = log.read_text().split() if log.exists() else []
    for child in children[1:]:
        child.kill()
    await asyncio.gather(*(child.wait() for child in children))
    done = log.read_text().split()
    assert len(done) == len(set(done))  # every slot once
    assert done == sorted(done)


@on_both_databases
async def test_slot_runs_once_among_three(
    services: Services, held_clock: HeldClock, record: Recording, slots: list[datetime]
) -> None:
    task = Task("tick", "tick", Every(60), record)
    for _ in range(3):
        await run_due(services, task, held_clock)
        held_clock.advance(seconds=60)
    start = held_clock.now() - timedelta(minutes=3)
    assert slots == [start, start + timedelta(minutes=1), start + timedelta(minutes=2)]
    kept = await row(services.database, "tick")
    assert (kept.last_result, kept.last_error, kept.lease_until) == (DONE, None, None)


async def test_missed_interval_is_made_up_for_by_one_run(
    services: Services, held_clock: HeldClock, record: Recording, slots: list[datetime]
) -> None:
    task = Task("tick", "tick", Every(60), record)
    await run_due(services, task, held_clock)
    held_clock.advance(hours=5)
    for _ in range(3):
        await run_due(services, task, held_clock)
    assert len(slots) == 2


async def test_clock_that_is_set_back_stops_no_task(
    services: Services, held_clock: HeldClock, record: Recording, slots: list[datetime]
) -> None:
    task = Task("tick", "tick", Every(60), record)
    daily = Task("daily", "daily", Daily(hour=3), record)
    await run_due(services, task, held_clock)
    held_clock.advance(hours=-1)
    assert await due(services.database, {"tick"}, held_clock.now()) == []
    stopping = asyncio.Event()
    running = asyncio.create_task(schedule.run_tasks(services, [task], held_clock, stopping))
    await wait_until(lambda: len(slots) == 2)
    stopping.set()
    await running
    ahead = {"tick": held_clock.now() + timedelta(hours=1), "daily": held_clock.now() + timedelta(hours=9)}
    assert schedule.far_ahead({"tick": task, "daily": daily}, ahead, held_clock.now()) == ["tick"]


async def test_each_missed_day_gets_its_run(
    services: Services, held_clock: HeldClock, record: Recording, slots: list[datetime]
) -> None:
    async with services.database.write() as session:
        await session.merge(Institution(id=1, time_zone="Europe/Berlin"))
    task = Task("rollup", "rollup", Daily(hour=2), record)
    await run_due(services, task, held_clock)  # 2026-11-22 10:00 in Berlin
    held_clock.advance(days=3)
    for _ in range(6):
        await run_due(services, task, held_clock)
    days = [datetime(2026, 11, day, 1, 0, tzinfo=UTC) for day in (23, 24, 25)]
    assert slots[1:] == days


async def test_failed_run_keeps_its_slot_and_is_retried(services: Services, held_clock: HeldClock) -> None:
    attempts: list[datetime] = []

    async def run(_services: Services, slot: datetime, _now: datetime) -> Message:
        attempts.append(slot)
        if len(attempts) < 3:
            raise OSError("disk full")
        return DONE

    task = Task("rollup", "rollup", Daily(hour=2), run)
    await run_due(services, task, held_clock)
    assert (await row(services.database, "rollup")).last_error == "OSError: disk full"
    await run_due(services, task, held_clock)
    assert len(attempts) == 1  # not before RETRY_SECONDS
    held_clock.advance(seconds=schedule.RETRY_SECONDS)
    await run_due(services, task, held_clock)
    assert await run_now(services.database, "rollup", held_clock.now())
    await run_due(services, task, held_clock)
    assert attempts == [attempts[0]] * 3
    assert (await row(services.database, "rollup")).last_error is None


async def test_run_now(
    services: Services, held_clock: HeldClock, record: Recording, slots: list[datetime]
) -> None:
    task = Task("tick", "tick", Every(3600), record)
    await run_due(services, task, held_clock)
    held_clock.advance(seconds=5)
    assert await run_now(services.database, "tick", held_clock.now())
    await run_due(services, task, held_clock)
    assert len(slots) == 2
    assert not await run_now(services.database, "nothing", held_clock.now())


async def test_late_scheduler_cannot_end_a_later_run(services: Services, held_clock: HeldClock) -> None:
    """Its lease ran out while it was frozen, and another one has the slot."""
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def run(_services: Services, _slot: datetime, _now: datetime) -> Message:
        if entered.is_set():
            return Message("second")
        entered.set()
        await go_on.wait()
        return Message("first")

    task = Task("tick", "tick", Every(3600), run)
    await due(services.database, {"tick": task}, held_clock.now())
    late = asyncio.create_task(run_once(services, task, "tick", held_clock))
    await entered.wait()
    held_clock.advance(seconds=schedule.LEASE_SECONDS + 1)
    await run_once(services, task, "tick", held_clock)
    go_on.set()
    await late
    assert (await row(services.database, "tick")).last_result == Message("second")


async def test_renewals_end_before_the_outcome_is_written(
    services: Services, held_clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "LEASE_SECONDS", 0.003)

    async def run(_services: Services, _slot: datetime, _now: datetime) -> Message:
        await asyncio.sleep(0.02)
        return DONE

    task = Task("tick", "tick", Every(60), run)
    for _ in range(10):
        await run_due(services, task, held_clock)
        assert (await row(services.database, "tick")).lease_until is None
        held_clock.advance(seconds=60)


async def test_every_host_runs_its_own(services: Services, held_clock: HeldClock, record: Recording) -> None:
    task = Task("spool", "spool", Every(60), record, per_host=True)
    for host in ("a", "b"):
        name = schedule.row_name(task, host)
        assert await due(services.database, {name: task}, held_clock.now()) == [name]
        await run_once(services, task, name, held_clock)
    async with services.database.read() as session:
        assert set(await session.scalars(select(ScheduledTask.name))) == {"spool@a", "spool@b"}


def test_next_slot_keeps_the_grid_while_it_can() -> None:
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    minute = timedelta(minutes=1)
    assert next_slot(Every(60), now - minute / 2, now, "UTC") == now + minute / 2
    assert next_slot(Every(60), now - 5 * minute, now, "UTC") == now + minute


def test_idle_scheduler_sleeps_until_the_next_slot() -> None:
    """It read the rows every second, which was a quarter of an idle machine's work."""
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    hour, moment = timedelta(hours=1), timedelta(seconds=2)
    assert schedule.pause([now + hour], now) == schedule.POLL_SECONDS >= 4
    assert schedule.pause([now + hour, now + moment], now) == 2
    assert schedule.pause([now, now - hour], now) == schedule.POLL_SECONDS  # running
