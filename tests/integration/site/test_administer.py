"""Administration page: scheduled tasks with their last result, and *Run now*."""

import httpx
import pytest
from sqlalchemy import update

from server.core.schedule import due, run_once
from server.services import Services
from server.settings import Settings
from server.wiring import TASKS
from storage.database.engine import Database
from storage.database.tables import ScheduledTask
from storage.objects.store import ObjectStore
from tests.fixtures.web import Account, HeldClock, RecordedQueue
from tests.integration.pages.markup import faults

ROWS = {task.name: task for task in TASKS}


@pytest.fixture
async def services(
    app: object,
    settings: Settings,
    database: Database,
    folder_store: ObjectStore,
    recorded_queue: RecordedQueue,
    held_clock: HeldClock,
) -> Services:
    """Every task has run once."""
    services = Services(settings, database, folder_store, recorded_queue)
    settings.data.mkdir(parents=True, exist_ok=True)
    for name in await due(database, ROWS, held_clock.now()):
        await run_once(services, ROWS[name], name, held_clock)
    return services


async def shown(administrator: Account) -> httpx.Response:
    page = await administrator.browser.get("/admin")
    assert faults(page.text) == []
    return page


async def test_tasks_are_shown_with_their_schedule(administrator: Account, services: Services) -> None:
    text = (await shown(administrator)).text
    for title in (
        "Put interrupted jobs back",
        "Complete or expire uploads",
        "Delete ended sessions, renew keys",
    ):
        assert title in text
    assert "daily at 3:00" in text
    assert "every 10 min" in text


async def test_failed_task_tells_why(administrator: Account, services: Services, database: Database) -> None:
    async with database.write() as session:
        await session.execute(
            update(ScheduledTask).where(ScheduledTask.name == "jobs").values(last_error="OSError: disk full")
        )
    text = (await shown(administrator)).text
    assert "Failed" in text
    assert "OSError: disk full" in text


async def test_run_now_makes_a_task_due(
    administrator: Account, services: Services, database: Database, held_clock: HeldClock
) -> None:
    assert await due(database, ROWS, held_clock.now()) == []
    answer = await administrator.browser.post("/admin/tasks/finished%20jobs/run")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin#tasks")
    assert await due(database, ROWS, held_clock.now()) == ["finished jobs"]
    assert (await administrator.browser.post("/admin/tasks/nothing/run")).status_code == 404
