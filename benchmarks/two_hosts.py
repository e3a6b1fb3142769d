"""Two hosts: `python -m benchmarks two_hosts`, an upload through the other server against directly.

Two web servers on one SQLite database, as hosts a and b; 200 MB in parts of 50 MB to a's spool, three pairs.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from server.core.clock import SystemClock
from storage.database import migrations
from storage.database.engine import Database
from tests.fixtures.server_process import Campus, ServerProcess
from tests.fixtures.tus import send
from tests.world.builder import World
from tests.world.scenes import make_school

PART, PARTS, PAIRS = 50 * 10**6, 4, 3


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    with tempfile.TemporaryDirectory(prefix="two-hosts-") as folder:
        async with _hosts(Path(folder)) as (a, b), a.client() as direct, b.client() as through:
            times: dict[str, list[float]] = {"directly": [], "through the other": []}
            await _upload(a, through)  # once unmeasured, so that both servers are warm
            for _ in range(PAIRS):
                for name, client in zip(times, (direct, through), strict=True):
                    times[name].append(await _upload(a, client))
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:<20}{median:>7.2f} s{PART * PARTS / median / 1e6:>8.0f} MB/s")
    pairs = [relayed / alone for alone, relayed in zip(*times.values(), strict=True)]
    print(f"ratio of times, median of the pairs: {statistics.median(pairs):.2f}")


async def _upload(holder: Campus, client: httpx.AsyncClient) -> float:
    """Seconds for all parts but not for their storing: the last byte is left out."""
    part = bytes(PART)
    async with holder.client() as creating:
        location = await holder.create(creating, PART * PARTS + 1)
    started = time.perf_counter()
    for number in range(PARTS):
        answer = await send(client, location, number * PART, part)
        assert answer.status_code == 204, answer.text
    seconds = time.perf_counter() - started
    assert (await client.delete(location)).status_code == 204
    holder.spool_file(location).unlink(missing_ok=True)
    return seconds


@asynccontextmanager
async def _hosts(folder: Path) -> AsyncIterator[tuple[Campus, Campus]]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'lectures.db'}")
    await migrations.upgrade(database)
    world = World(database, SystemClock().now)
    school = await make_school(world)
    environment = {
        "SKILLSTUDIO_DATABASE_URL": database.url,
        "SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0",
    }
    campuses = []
    for name in ("a", "b"):
        (folder / name).mkdir()
        server = ServerProcess(folder / name, environment, host=name)
        campuses.append(Campus(world, school, server, folder / name))
    try:
        for campus in campuses:
            await campus.server.start()
        yield campuses[0], campuses[1]
    finally:
        for campus in campuses:
            await campus.server.kill()
        await database.close()
