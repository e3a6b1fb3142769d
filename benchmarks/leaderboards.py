"""Leaderboards of a million learners: `python -m benchmarks leaderboards`, or with other sizes
`python -m benchmarks.leaderboards --people 10000 [--postgresql] [--folder DIR]`.

Learners and ledger of benchmarks/learners.py in a migrated database. Goals on SQLite: own rank with
neighbours and top 100 within 5 ms and an award within 10 ms (p95), rebuild of the three timeframes within
60 s, replay of all totals within 5 minutes. Beside it the ranks of a sorted set in Valkey with the same XP.
"""

import argparse
import asyncio
import contextlib
import resource
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
from sqlalchemy import func, select

from benchmarks.learners import NOW, SEED, rows, user_id
from server.accounts.identity import Viewer
from server.core.events import Event, publish
from server.gamification.boards import ranks, service
from server.gamification.boards.ranks import Board
from server.gamification.boards.rebuild import rebuild
from server.gamification.xp import ledger
from server.wiring import bind
from storage.database import migrations
from storage.database.engine import Database
from storage.database.tables import LeaderboardRow, UserStats, XpTransaction
from storage.states import FactKind, Role, Timeframe
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.queue import Valkey

PEOPLE = 1_000_000
ASKED = 1000  # questions of each kind
SAMPLE = 20_000  # people of the replay
LOT = 500  # people of a replay's transaction
ALL_TIME = Board(Timeframe.ALL_TIME, "")
GENERATOR_CACHE = 1_000_000  # kB, of the generator alone


def main(people: int = PEOPLE, folder: str | None = None, *, postgresql: bool = False) -> None:
    asyncio.run(_main(people, folder, postgresql))


async def _main(people: int, folder: str | None, postgresql: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="leaderboards-", dir=folder) as place:
        Path(place).chmod(0o755)
        if not postgresql:
            database = Database(f"sqlite+aiosqlite:///{place}/skillstudio.db")
            await _measured("SQLite", database, people, Path(place))
            return
        server = PostgresServer(Path(place) / "postgres")
        server.start()
        try:
            await _measured("PostgreSQL", Database(await server.new_database()), people, Path(place))
        finally:
            server.stop()


async def _measured(name: str, database: Database, people: int, place: Path) -> None:
    bind(database)
    await migrations.upgrade(database)
    started = time.perf_counter()
    await (_fill_sqlite if database.is_sqlite else _fill_postgres)(database, people)
    async with database.read() as session:
        lines = await session.scalar(select(func.count()).select_from(XpTransaction))
    print(f"{people:,} learners, {lines:,} lines, written in {time.perf_counter() - started:,.0f} s\n")
    print(f"| {name} | | goal |\n|---|---|---|", flush=True)
    await _rebuilds(database)
    await _questions(database, people)
    await _awards(database, people)
    await _replay(database, people)
    await _valkey(database, people, place)
    await database.close()


async def _fill_sqlite(database: Database, people: int) -> None:
    """Without the plain indexes, which are made at the end."""
    await database.close()
    with contextlib.closing(sqlite3.connect(database.url.partition("///")[2])) as connection:
        connection.executescript(f"PRAGMA synchronous = OFF; PRAGMA cache_size = -{GENERATOR_CACHE};")
        wanted = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN "
        )
        tables = "('learning_events', 'xp_transactions', 'activity_days', 'user_achievements')"
        indexes = connection.execute(wanted + tables).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for table, columns, found in rows(people):
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            connection.executemany(statement, map(_plain, found))
            connection.commit()
        for _, made in indexes:
            connection.execute(made)
        connection.commit()


def _plain(row: tuple[Any, ...]) -> list[Any]:
    return [
        value.replace(tzinfo=None).isoformat(" ", "microseconds") if isinstance(value, datetime) else value
        for value in row
    ]


async def _fill_postgres(database: Database, people: int) -> None:
    address = database.url.replace("+asyncpg", "").replace("@/", "@localhost/")
    host = address.partition("?host=")[2]
    name = address.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(host=host, user="postgres", database=name)
    for table, columns, found in rows(people):
        await connection.copy_records_to_table(table, records=found, columns=columns)
    await connection.execute("ANALYZE")
    await connection.close()


async def _rebuilds(database: Database) -> None:
    for name in ("rebuild of three timeframes, boards empty", "the same, nothing to put right"):
        before = _peak()
        started = time.perf_counter()
        done = await rebuild(database, NOW)
        seconds = time.perf_counter() - started
        print(
            f"| {name} ({done.lots:,} lots), +{_peak() - before:,.0f} MB | {seconds:,.1f} s | ≤ 60 s |",
            flush=True,
        )


def _peak() -> float:
    """Most memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


async def _questions(database: Database, people: int) -> None:
    chosen = _chosen(people)

    async def place() -> None:
        viewer = next(chosen)
        async with database.read() as session:
            own = await ranks.own_row(session, ALL_TIME, viewer.id)
            if own:
                await ranks.shown(session, viewer, await ranks.around(session, ALL_TIME, own))

    async def top() -> None:
        async with database.read() as session:
            await ranks.shown(session, next(chosen), await ranks.top(session, ALL_TIME, service.MOST))

    async def answer() -> None:
        async with database.read() as session:
            await service.leaderboard(session, next(chosen), Timeframe.WEEKLY, NOW)

    await _timed("own rank with neighbours", place, "≤ 5 ms")
    await _timed("top 100", top, "≤ 5 ms")
    await _timed("all that the API answers with, this week", answer, "")


async def _awards(database: Database, people: int) -> None:
    chosen = _chosen(people)

    async def award() -> None:
        async with database.write() as session:
            event = Event(kind=FactKind.QUIZ_PERFECT, user_id=next(chosen).id, subject="award", at=NOW)
            await publish(session, event)

    await _timed("award to the fixed point, committed", award, "≤ 10 ms")


async def _replay(database: Database, people: int) -> None:
    """Settle people as if nothing was known of them but their facts and ledger."""
    ids = [user_id(number) for number in Random(SEED).sample(range(people), min(SAMPLE, people))]
    async with database.read() as session:
        sums = select(UserStats.user_id, UserStats.total_xp).where(UserStats.user_id.in_(ids[:1000]))
        before = {tuple(row) for row in await session.execute(sums)}
    started = time.perf_counter()
    for first in range(0, len(ids), LOT):
        async with database.write() as session:
            await ledger.settle_all(session, ids[first : first + LOT])
    seconds = time.perf_counter() - started
    async with database.read() as session:
        same = before == {tuple(row) for row in await session.execute(sums)}
    of_all = f"{seconds / len(ids) * people:,.0f} s for all"
    told = f"replay of {len(ids):,} people, totals {'the same' if same else 'DIFFERENT'}"
    print(f"| {told} | {seconds:,.1f} s; {of_all} | ≤ 300 s |", flush=True)


async def _valkey(database: Database, people: int, place: Path) -> None:
    valkey = Valkey(place / "valkey")
    valkey.start()
    client = valkey.client
    async with database.read() as session:
        found = await session.stream(
            select(LeaderboardRow.user_id, LeaderboardRow.xp).where(
                LeaderboardRow.timeframe == Timeframe.ALL_TIME
            )
        )
        async for part in found.partitions(10_000):
            client.zadd("board", {row.user_id: row.xp for row in part})
    chosen = _chosen(people)

    async def rank() -> None:
        client.zrevrank("board", next(chosen).id)

    async def top() -> None:
        client.zrevrange("board", 0, service.MOST - 1, withscores=True)

    await _timed("Valkey: ZREVRANK, which shares no ranks and knows no names", rank, "")
    await _timed("Valkey: ZREVRANGE 0 99", top, "")
    client.close()
    valkey.kill()


def _chosen(people: int) -> Iterator[Viewer]:
    """Learners at random, each time the same."""
    random = Random(SEED)
    while True:
        chosen = user_id(random.randrange(people))
        yield Viewer(id=chosen, email="", name="", role=Role.LEARNER)


async def _timed(name: str, action: Callable[[], Awaitable[None]], goal: str) -> None:
    taken = []
    for _ in range(ASKED):
        started = time.perf_counter()
        await action()
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    p50, p95 = taken[len(taken) // 2], taken[len(taken) * 95 // 100]
    print(f"| {name} | p50 {p50:.2f} ms, p95 {p95:.2f} ms | {goal} |", flush=True)


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--people", type=int, default=PEOPLE)
    given.add_argument("--folder", help="where there is room for the database")
    given.add_argument("--postgresql", action="store_true")
    asked = given.parse_args()
    main(asked.people, asked.folder, postgresql=asked.postgresql)
