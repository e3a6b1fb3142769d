"""A clock that goes a year ahead and is right again: nothing is deleted by age, nobody is signed out."""

import asyncio

import pytest
from sqlalchemy import func, select

from server.core import schedule
from server.core.clock import DOUBT, ClockWatch
from server.services import Services
from server.settings import Settings
from server.wiring import TASKS
from storage.database.engine import Database
from storage.database.tables import ScheduledTask, UserSession
from storage.objects.store import ObjectStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.waiting import wait_until
from tests.fixtures.web import Account, HeldClock, RecordedQueue

pytestmark = on_both_databases

YEAR = 365  # days


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


async def sessions(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(UserSession)) or 0


async def rows(database: Database) -> dict[str, ScheduledTask]:
    async with database.read() as session:
        return {row.name: row for row in await session.scalars(select(ScheduledTask))}


async def test_people_stay_signed_in_and_only_what_keeps_going_runs(
    services: Services, held_clock: HeldClock, learner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "POLL_SECONDS", 0.05)
    database, passed, stopping = services.database, 0.0, asyncio.Event()
    assert await schedule.due(database, [schedule.row_name(task, "a") for task in TASKS], held_clock.now())
    watch = ClockWatch(lambda: passed)
    tasks = schedule.run_tasks(services, TASKS, held_clock, stopping, host="a", watch=watch)
    running = asyncio.create_task(tasks)

    async def has_run(*names: str) -> bool:
        known = await rows(database)
        wanted = [known[name] for name in names or known]
        return all(row.last_ended == held_clock.now() and row.lease_until is None for row in wanted)

    async def status() -> int:
        return (await learner.browser.get("/account")).status_code

    await wait_until(has_run)
    assert (await status(), await sessions(database)) == (200, 1)
    held_clock.advance(days=YEAR)
    await wait_until(lambda: has_run("jobs", "disk@a", "notices"))
    late = {name for name, row in (await rows(database)).items() if row.last_ended == held_clock.now()}
    assert late == {"jobs", "disk@a", "notices"}
    assert (await status(), await sessions(database)) == (303, 1)  # so it looks at this moment
    held_clock.advance(days=-YEAR, seconds=600)
    passed += 600
    await wait_until(lambda: has_run("accounts"))
    assert (await status(), await sessions(database)) == (200, 1)
    held_clock.advance(days=YEAR)
    await wait_until(lambda: has_run("jobs"))
    passed += DOUBT.total_seconds()
    held_clock.advance(seconds=DOUBT.total_seconds())
    await wait_until(lambda: has_run("accounts"))
    assert await sessions(database) == 0
    stopping.set()
    await running
