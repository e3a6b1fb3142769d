"""Leaderboards of a million learners: `python -m benchmarks leaderboards`, or with other sizes
`python -m benchmarks.leaderboards --people 10000 [--postgresql] [--folder DIR] [--only rebuild awards]`.

Learners and ledger of benchmarks/learners.py in a migrated database. Goals on SQLite: own rank with
neighbours and top 100 within 5 ms and an award within 10 ms (p95), rebuild of the three timeframes within
60 s, replay of all totals within 5 minutes. Beside it the ranks of a sorted set in Valkey with the same XP.
"""

import argparse
import asyncio
import contextlib
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from sqlalchemy import delete, func, select

from benchmarks import stamping
from benchmarks.learners import NOW, SEED, user_id
from server.accounts.identity import Viewer
from server.core.events import Event, publish
from server.gamification.boards import ranks, service
from server.gamification.boards.ranks import Board
from server.gamification.boards.rebuild import rebuild
from server.gamification.xp import ledger
from server.wiring import bind
from storage.database import migrations
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import LeaderboardCount, LeaderboardRow, UserStats, XpTransaction
from storage.states import FactKind, Role, Timeframe
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.queue import Valkey

PEOPLE = 1_000_000
ASKED = 1000  # questions of each kind
SHARE = 10  # a tenth of the people is replayed
LOT = 500  # people of a replay's transaction
ALL_TIME = Board(Timeframe.ALL_TIME, "")


def main(
    people: int = PEOPLE, folder: str | None = None, *, postgresql: bool = False, only: Sequence[str] = ()
) -> None:
    asyncio.run(_main(people, folder, postgresql, only))


async def _main(people: int, folder: str | None, postgresql: bool, only: Sequence[str]) -> None:
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="leaderboards-"))
        place = Path(folder)
        place.chmod(0o755)
        if not postgresql:
            database = Database(f"sqlite+aiosqlite:///{place}/skillstudio.db")
            await _measured("SQLite", database, people, place, only)
            return
        server = PostgresServer(place / "postgres")
        server.start()
        stack.callback(server.stop)
        await _measured("PostgreSQL", Database(await server.new_database()), people, place, only)


async def _measured(name: str, database: Database, people: int, place: Path, only: Sequence[str]) -> None:
    bind(database)
    await migrations.upgrade(database)
    async with database.read() as session:
        there = await session.scalar(select(UserStats.user_id).limit(1))
    if there is None:
        await _fill(database, people)
    print(f"| {name}, {people:,} learners | | goal |\n|---|---|---|", flush=True)
    for step, measure in STEPS.items():
        if step in only or not only:
            await measure(database, people, place)
    await database.close()


async def _fill(database: Database, people: int) -> None:
    started = time.perf_counter()
    if database.is_sqlite:
        await database.close()
        stamping.fill_sqlite(database, people)
    else:
        await stamping.fill_postgres(database, people)
    async with database.read() as session:
        lines = await session.scalar(select(func.count()).select_from(XpTransaction))
    print(f"{people:,} learners, {lines:,} lines, written in {time.perf_counter() - started:,.0f} s\n")


async def _rebuilds(database: Database, _people: int, _place: Path) -> None:
    async with database.write() as session:
        for table in (LeaderboardRow, LeaderboardCount):
            await session.execute(delete(table))
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


async def _questions(database: Database, people: int, _place: Path) -> None:
    chosen = _chosen(people)

    async def place() -> None:
        viewer = next(chosen)
        async with database.read() as session:
            ranks.shown(viewer, await ranks.around(session, ALL_TIME, viewer.id))

    async def top() -> None:
        async with database.read() as session:
            ranks.shown(next(chosen), await ranks.top(session, ALL_TIME, service.MOST))

    async def answer() -> None:
        async with database.read() as session:
            await service.leaderboard(session, next(chosen), Timeframe.WEEKLY, NOW)

    await _timed("own rank with neighbours", place, "≤ 5 ms")
    await _timed("top 100", top, "≤ 5 ms")
    await _timed("all that the API answers with, this week", answer, "")


async def _awards(database: Database, people: int, _place: Path) -> None:
    chosen = _chosen(people)

    async def award() -> None:
        async with database.write() as session:
            event = Event(kind=FactKind.QUIZ_PERFECT, user_id=next(chosen).id, subject=new_id(), at=NOW)
            await publish(session, event)

    await _timed("award to the fixed point, committed", award, "≤ 10 ms")


async def _replay(database: Database, people: int, _place: Path) -> None:
    """Settle people as if nothing was known of them but their facts and ledger: in their order, as all would
    be."""
    ids = [user_id(number) for number in range(people // 2, people // 2 + people // SHARE)]
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


STEPS = {
    "rebuild": _rebuilds,
    "questions": _questions,
    "awards": _awards,
    "replay": _replay,
    "valkey": _valkey,
}


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
    given.add_argument("--folder", help="where there is room for the database; on SQLite it is used again")
    given.add_argument("--postgresql", action="store_true")
    given.add_argument("--only", nargs="*", choices=["fill", *STEPS], default=())
    asked = given.parse_args()
    main(asked.people, asked.folder, postgresql=asked.postgresql, only=asked.only)
