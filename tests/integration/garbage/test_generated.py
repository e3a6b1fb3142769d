"""Many generated requests against a real server: none is a server error, and none keeps it busy.

`GARBAGE_SEED=… GARBAGE_COUNT=2500 pytest tests/integration/garbage` runs others and more; a failure names the
seed. Without a seed, each run has one of its own beside the fixed one.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex

import msgspec
import pytest
from litestar import Litestar

from server.core.clock import SystemClock
from server.core.web.openapi import described
from storage.database.engine import Database
from tests.fixtures.database import NewSqlite, open_sqlite, with_handlers
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.responsiveness import watched
from tests.fixtures.server_process import ServerProcess
from tests.integration.access.scene import routes
from tests.integration.garbage.draft import Draft
from tests.integration.garbage.generator import Generator, operations
from tests.integration.garbage.subjects import Subjects
from tests.integration.garbage.wire import Answer, exchange
from tests.world.builder import World

SEEDS = (os.environ["GARBAGE_SEED"],) if "GARBAGE_SEED" in os.environ else ("1", token_hex(4))
COUNT = int(os.environ.get("GARBAGE_COUNT", "300"))  # requests of each seed, on each database
AT_ONCE = 4  # requests
RENEWED_AFTER = 125  # requests
LONGEST_STALL = 1.0  # seconds
SHOWN = 5  # failures


class Run:
    """One database's share of the requests, and what came back."""

    def __init__(self, server: ServerProcess, subjects: Subjects, generator: Generator) -> None:
        self.server, self.subjects, self.generator = server, subjects, generator
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []

    async def requests(self, numbers: range) -> None:
        for start in range(numbers.start, numbers.stop, RENEWED_AFTER):
            await self.subjects.renew()
            waiting = iter(range(start, min(numbers.stop, start + RENEWED_AFTER)))
            await asyncio.gather(*(self._each(waiting) for _ in range(AT_ONCE)))

    async def _each(self, waiting: Iterator[int]) -> None:
        for number in waiting:
            draft = self.generator.draft(number, self.subjects.ids)
            self.subjects.sign(draft)
            try:
                answer = await exchange(self.server.port, draft)
            except TimeoutError:
                self.faults.append(f"no answer: {draft.line(self.server.url)}")
                continue
            self.statuses[answer.status] += 1
            if wrong := fault(draft, answer):
                self.faults.append(f"{wrong}: {draft.line(self.server.url)}\n{answer.content[:500]!r}")


def fault(draft: Draft, answer: Answer) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if answer.status == 0:
        return "connection closed without an answer" if draft.is_http else ""
    if answer.status >= 500 and draft.path != "/health/ready":  # there is no queue
        return f"status {answer.status}"
    if b"Traceback" in answer.content:
        return "a traceback in the answer"
    ours = answer.is_ours and draft.path.startswith("/api/") and not draft.path.startswith("/api/schema")
    if ours and answer.status >= 400 and draft.method != "HEAD":
        return "" if _is_told(answer) else f"status {answer.status} without a sentence"
    return ""


def _is_told(answer: Answer) -> bool:
    if answer.headers.get("content-type") != "application/problem+json":
        return False
    return bool(msgspec.json.decode(answer.content)["detail"])


@pytest.fixture(params=["sqlite", "postgresql"])
async def server(
    request: pytest.FixtureRequest, tmp_path: Path, new_sqlite: NewSqlite
) -> AsyncIterator[tuple[ServerProcess, Database]]:
    """Server process on each database, without a queue."""
    data, settings = tmp_path / "data", {"SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0"}
    data.mkdir()
    if request.param == "sqlite":
        await new_sqlite(data / "skillstudio.db").close()
        database = open_sqlite(data / "skillstudio.db")
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        settings["SKILLSTUDIO_DATABASE_URL"] = await postgres.new_database(migrated=True)
        database = with_handlers(Database(settings["SKILLSTUDIO_DATABASE_URL"]))
    process = ServerProcess(data, settings)
    await process.start()
    try:
        yield process, database
    finally:
        await process.kill()
        await database.close()


@pytest.mark.long
async def test_generated_requests(
    server: tuple[ServerProcess, Database], routes_only: Litestar, request: pytest.FixtureRequest
) -> None:
    process, database = server
    assert process.process is not None
    first = 0 if database.is_sqlite else COUNT
    targets = operations(routes(routes_only), described(routes_only))
    subjects = Subjects(World(database, SystemClock().now), process.url)
    async with watched(process.port, process.process.pid) as stalls:
        for seed in SEEDS:
            run = Run(process, subjects, Generator(seed, targets))
            await run.requests(range(first, first + COUNT))
            print(f"seed {seed}: {dict(sorted(run.statuses.items()))}")
            assert run.faults == [], f"seed {seed}, {len(run.faults)} faults:\n" + "\n".join(
                run.faults[:SHOWN]
            )
    log = process.log.read_text(errors="replace")
    assert "Traceback" not in log, log[max(0, log.index("Traceback") - 500) :][:4000]
    assert stalls.longest < LONGEST_STALL, f"seeds {SEEDS}: {stalls.seconds}"
    assert stalls.answers > 20
    assert process.runs
