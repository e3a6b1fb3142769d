"""`skillstudio analytics backfill` and `verify`, in processes of their own."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.database.engine import Database
from storage.database.tables import PlatformAnalytics
from tests.fixtures.database import NewSqlite
from tests.world.builder import World

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server", "analytics", *arguments, "--data", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


async def test_backfill_and_verify(tmp_path: Path, new_sqlite: NewSqlite, run: Run) -> None:
    database: Database = new_sqlite(tmp_path / "skillstudio.db")
    nothing = await asyncio.to_thread(run, "verify")
    assert (nothing.returncode, nothing.stdout) == (0, "There are no figures yet.\n")
    world = World(database)
    learner = await world.person("Ada Lovelace")
    await world.completed(await world.lesson(await world.course(learners=[learner]), text="Light."), learner)
    made = await asyncio.to_thread(run, "backfill", "--from", "2026-11-20", "--to", "2026-11-23")
    assert made.stdout == "Days computed: 4, from 2026-11-20 to 2026-11-23.\n", made.stderr
    good = await asyncio.to_thread(run, "verify")
    assert good.returncode == 0
    assert "Days checked: 2, " in good.stdout  # from the first fact on
    assert "differences: 0" in good.stdout
    async with database.write() as session:
        await session.execute(update(PlatformAnalytics).values(uploads=3))
    wrong = await asyncio.to_thread(run, "verify", "--from", "2026-11-22", "--to", "2026-11-22")
    assert wrong.returncode == 1
    assert "2026-11-22 platform uploads: stored 3, computed 0\n" in wrong.stdout
    refused = await asyncio.to_thread(run, "verify", "--from", "yesterday")
    assert refused.returncode == 1
    assert "Choose a first and a last day" in refused.stderr
    await database.close()
