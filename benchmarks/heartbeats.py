"""Heartbeat benchmark: `python -m benchmarks heartbeats`, ten thousand viewers who report every ten seconds.

One server process and the load share two cores. 1,000 heartbeats a second arrive for a minute,
whether or not earlier ones are answered, while segments are fetched beside them. Afterwards the rows are
counted: none may be lost. Beside it the limit: the same transactions in a loop without HTTP.
Goal: p95 of at most 250 ms.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from benchmarks.lecture import make_lecture
from server.core.clock import SystemClock
from server.core.signing_keys import live_keys
from server.playback.signing import PURPOSE
from server.watching import tokens
from server.watching.heartbeats import recording
from server.watching.schemas import Heartbeat, Played, Received
from server.wiring import bind
from storage.database import migrations
from storage.database.engine import Database
from storage.database.tables import Enrolment, Lesson, VideoAnalytics
from tests.fixtures.crowd import add_people
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.server_process import ServerProcess
from tests.world.builder import World

VIEWERS = 10_000
PER_SECOND = 1_000
SECONDS = 60
LIMIT_BATCH = 100  # heartbeats in a transaction of the loop without HTTP
ROOT = Path(__file__).parents[1]


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    print("| database | sent | lost | p50 ms | p95 ms | worst ms | segments/s beside | limit, heartbeats/s |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="heartbeats-") as folder:
        print(await _measure("SQLite", Path(folder), None), flush=True)
    with tempfile.TemporaryDirectory(prefix="heartbeats-") as folder:
        Path(folder).chmod(0o755)
        postgres = PostgresServer(Path(folder) / "postgres")
        postgres.start()
        try:
            print(await _measure("PostgreSQL", Path(folder), await postgres.new_database()), flush=True)
        finally:
            postgres.stop()


async def _measure(name: str, folder: Path, url: str | None) -> str:
    data = folder / "data"
    segment = await make_lecture(data, SystemClock().now()) + "480p/00000.1.m4s"
    database = Database(url or f"sqlite+aiosqlite:///{data / 'skillstudio.db'}")
    bind(database)
    await migrations.upgrade(database)
    lesson_id, reports = await _viewers(database)
    environment = {"SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0", "SKILLSTUDIO_LOG_LEVEL": "warning"}
    server = ServerProcess(data, environment | ({"SKILLSTUDIO_DATABASE_URL": url} if url else {}))
    await server.start()
    try:
        taken = await _load(server.port, reports, "" if url else segment, folder)
    finally:
        await server.kill()
    kept = await _kept(database)
    limit = await _limit(database, lesson_id)
    await database.close()
    milliseconds = sorted(1000 * seconds for seconds in taken["seconds"])
    p50, p95 = statistics.median(milliseconds), milliseconds[len(milliseconds) * 95 // 100]
    times = f"{p50:.0f} | {p95:.0f} | {milliseconds[-1]:.0f}"
    segments = f"{taken['segments'] / SECONDS:.0f}"
    return f"| {name} | {taken['sent']:,} | {taken['sent'] - kept} | {times} | {segments} | {limit:,.0f} |"


async def _viewers(database: Database) -> tuple[str, list[str]]:
    """A lesson of two hours, and the watch tokens of its viewers."""
    now = SystemClock().now()
    world = World(database, lambda: now)
    lesson = await world.lesson()
    await world.video(lesson, seconds=7200)
    (key, *_) = await live_keys(database, PURPOSE, now)
    people = await add_people(database, VIEWERS)
    await _enrol(database, lesson.course_id, people)
    issued = [tokens.issue(person, lesson.id, staff=False, now=now) for person in people]
    return lesson.id, [tokens.sign(key, token) for token in issued]


async def _load(port: int, reports: list[str], segment: str, folder: Path) -> dict[str, Any]:
    """Figures of the load, which runs in a process of its own on the other core."""
    (folder / "tokens.json").write_text(json.dumps(reports))
    command = (sys.executable, "-m", "benchmarks.viewers_report", str(port), str(folder / "tokens.json"))
    load = await asyncio.create_subprocess_exec(
        *command, str(PER_SECOND), str(SECONDS), segment, cwd=ROOT, stdout=subprocess.PIPE
    )
    answer, _ = await load.communicate()
    return dict(json.loads(answer))


async def _enrol(database: Database, course_id: str, people: list[str]) -> None:
    now = SystemClock().now()
    async with database.write() as session:
        rows = [{"course_id": course_id, "user_id": person, "created_at": now} for person in people]
        await session.execute(insert(Enrolment), rows)


async def _course_of(database: Database, lesson_id: str) -> str:
    async with database.read() as session:
        return (await session.get_one(Lesson, lesson_id)).course_id


async def _kept(database: Database) -> int:
    """Heartbeats in the rows."""
    async with database.read() as session:
        rows = await session.scalars(select(VideoAnalytics.heartbeats))
        return sum(end - start for row in rows for start, end in row or ())


async def _limit(database: Database, lesson_id: str) -> float:
    """Heartbeats a second of the same transactions in a loop, by other people."""
    now = SystemClock().now()
    people = await _more_people(database)
    await _enrol(database, await _course_of(database, lesson_id), people)
    issued = [tokens.issue(person, lesson_id, staff=False, now=now) for person in people]
    done, started = 0, time.perf_counter()
    for number in range(4):
        for at in range(0, len(issued), LIMIT_BATCH):
            batch = [
                Received(_heartbeat(token.user_id, number), token, now)
                for token in issued[at : at + LIMIT_BATCH]
            ]
            await recording.record(database, batch, SystemClock().now())
            done += len(batch)
    return done / (time.perf_counter() - started)


async def _more_people(database: Database) -> list[str]:
    now = SystemClock().now()
    world = World(database, lambda: now)
    return [(await world.person(f"Viewer {number}")).id for number in range(1000)]


def _heartbeat(session: str, number: int) -> Heartbeat:
    spans = [Played(number * 10.0 + half, number * 10.0 + half + 5.0) for half in (0.0, 5.0)]
    return Heartbeat(token="", session=session, seq=number, events=spans)
