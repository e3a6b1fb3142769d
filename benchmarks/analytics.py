"""Analytics over two years: `python -m benchmarks analytics`, or with other sizes
`python -m benchmarks.analytics --people 1000 [--postgresql] [--folder DIR] [--only backfill dashboard]`.

A generated institution (benchmarks/years) with 100,000 people and 500 courses: 1 million facts and 10 million
watched spans, four in each session of the player. Goals on SQLite: the whole dashboard p95 of at most 100 ms
from rollups and 500 ms with a filter, also while 200 learners watch; one daily aggregation 30 s, backfill of
two years 10 minutes, at most 500 MB of memory. Beside it the same questions as plain SQL over sessions and
facts, and in DuckDB over an export of them.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import delete, func, select

from benchmarks import dashboards, plain_questions
from benchmarks.years import copying, writing
from server.analytics.rollups.aggregating import aggregate
from server.analytics.rollups.tasks import today
from server.analytics.rules import later
from server.core.clock import SystemClock
from server.wiring import bind
from storage.database import migrations
from storage.database.engine import Database
from storage.database.tables import AnalyticsDay, LearningEvent, User, VideoAnalytics, WatchDay
from tests.fixtures.postgres import PostgresServer

PEOPLE = 100_000
COURSES = 500
SMALLEST = 20  # courses


class Place(msgspec.Struct, frozen=True):
    """What is measured: database, data folder, and sizes."""

    name: str
    database: Database
    folder: Path
    people: int

    @property
    def courses(self) -> int:
        return max(SMALLEST, COURSES * self.people // PEOPLE)

    @property
    def environment(self) -> dict[str, str]:
        """Settings of the product's processes."""
        own = {} if self.database.is_sqlite else {"SKILLSTUDIO_DATABASE_URL": self.database.url}
        return {"SKILLSTUDIO_DATA": str(self.folder), "SKILLSTUDIO_LOG_LEVEL": "warning", **own}


def main(
    people: int = PEOPLE, folder: str | None = None, *, postgresql: bool = False, only: Sequence[str] = ()
) -> None:
    asyncio.run(_main(people, folder, only, postgresql=postgresql))


async def _main(people: int, folder: str | None, only: Sequence[str], *, postgresql: bool) -> None:
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="analytics-"))
        data = Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o755)
        sqlite = Database(f"sqlite+aiosqlite:///{data / 'skillstudio.db'}")
        place = Place("SQLite", sqlite, data, people)
        await _prepare(place)
        if postgresql:
            server = PostgresServer(data / "postgres")
            server.start()
            stack.callback(server.stop)
            database = Database(await server.new_database())
            await migrations.upgrade(database)
            await copying.copy(data / "skillstudio.db", database)
            place = Place("PostgreSQL", database, data, people)
        bind(place.database)
        print(f"| {place.name}, {people:,} people | | goal |\n|---|---|---|", flush=True)
        for step, measure in STEPS.items():
            if step in only or not only:
                await measure(place)
        await place.database.close()


async def _prepare(place: Place) -> None:
    """The generated rows, written once for a folder."""
    database = place.database
    await migrations.upgrade(database)
    async with database.read() as session:
        there = await session.scalar(select(LearningEvent.id).limit(1))
    if there is None:
        await database.close()
        started = time.perf_counter()
        writing.fill(place.folder / "skillstudio.db", place.people, place.courses, SystemClock().now())
        print(f"written in {time.perf_counter() - started:,.0f} s")
    async with database.read() as session:
        rows = [
            await session.scalar(select(func.count()).select_from(one))
            for one in (LearningEvent, VideoAnalytics)
        ]
    size = (place.folder / "skillstudio.db").stat().st_size / 1e9
    print(f"{rows[0]:,} facts, {rows[1]:,} sessions, {size:.1f} GB\n", flush=True)


def _row(name: str, value: str, goal: str = "") -> None:
    print(f"| {name} | {value} | {goal} |", flush=True)


async def _backfill(place: Place) -> None:
    """From sessions and facts alone, as after an update from a version without daily rows."""
    async with place.database.write() as session:
        for table in (WatchDay, AnalyticsDay):
            await session.execute(delete(table))
        await session.execute(User.__table__.update().values(created_day=None))  # type: ignore[attr-defined]
    await _command(place, "backfill of two years", "backfill", goal="≤ 600 s")


async def _verify(place: Place) -> None:
    await _command(place, "verify of two years", "verify")


async def _command(place: Place, title: str, command: str, goal: str = "") -> None:
    """`skillstudio analytics …` in a process of its own, with its peak of memory."""
    seconds, peak, said = await asyncio.to_thread(_run, command, os.environ | place.environment)
    _row(f"{title}: {said}", f"{seconds:,.1f} s, {peak:,.0f} MB", goal)


def _run(command: str, environment: Mapping[str, str]) -> tuple[float, float, str]:
    """Seconds, peak of memory in MB, and the last line that was said."""
    started = time.perf_counter()
    argv = (sys.executable, "-m", "server", "analytics", command)
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"analytics {command} ended with status {process.returncode}: {said}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000, said.strip().splitlines()[-1]


async def _daily(place: Place) -> None:
    """Yesterday's rows, again and again."""
    now = SystemClock().now()
    async with place.database.read() as session:
        current = await today(session, now)
    taken = [await _aggregated(place.database, current, now) for _ in range(5)]
    _row("one daily aggregation, worst of 5", f"{max(taken):,.2f} s", "≤ 30 s")


async def _aggregated(database: Database, current: str, now: datetime) -> float:
    started = time.perf_counter()
    await aggregate(database, [later(current, -1)], current, now)
    return time.perf_counter() - started


async def _dashboard(place: Place) -> None:
    await dashboards.measure(place.database, place.folder, place.environment, _row)


async def _watched(place: Place) -> None:
    await dashboards.measure(place.database, place.folder, place.environment, _row, viewers=200)


async def _plain(place: Place) -> None:
    await plain_questions.of_tables(place.database, _row)


async def _duckdb(place: Place) -> None:
    plain_questions.of_export(place.folder, _row)


STEPS: dict[str, Callable[[Place], Awaitable[None]]] = {
    "backfill": _backfill,
    "daily": _daily,
    "dashboard": _dashboard,
    "watched": _watched,
    "plain": _plain,
    "duckdb": _duckdb,
    "verify": _verify,
}


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--people", type=int, default=PEOPLE)
    given.add_argument("--folder", help="where there is room for the database; what is there is used again")
    given.add_argument("--postgresql", action="store_true", help="measure a copy of it in PostgreSQL")
    given.add_argument("--only", nargs="*", choices=["fill", *STEPS], default=())
    asked = given.parse_args()
    main(asked.people, asked.folder, postgresql=asked.postgresql, only=asked.only)
