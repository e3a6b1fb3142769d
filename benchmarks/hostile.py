"""Hostile benchmark: `python -m benchmarks hostile`, ten viewers while somebody attacks the server.

One server process on SQLite and a folder. Each attack runs from an address of its own (127.0.0.2) and from
that of the viewers, as behind one router. The viewers' requests are timed.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.attacks import ATTACKS
from benchmarks.lecture import make_lecture
from server.core.clock import SystemClock
from storage.database.engine import Database
from storage.states import Role
from tests.fixtures.server_process import ServerProcess
from tests.world.builder import World

VIEWERS = 10
SECONDS = 24.0  # of each attack
HEAD_START = 3.0  # seconds of the attack before the viewers come
ADDRESSES = {"another address": "127.0.0.2", "the viewers' address": "127.0.0.1"}
ROOT = Path(__file__).parents[1]


def main(names: tuple[str, ...] = ()) -> None:
    asyncio.run(_main(names or tuple(os.environ.get("ATTACKS", "").split()) or tuple(ATTACKS)))


async def _main(names: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        data = Path(folder) / "data"
        known = {"segment": await make_lecture(data, SystemClock().now())}
        known |= await _objects(data)
        server = ServerProcess(data, {"SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0"})
        await server.start()
        try:
            print("| attack | from | p50 ms | p95 ms | worst ms | requests | answers to the attacker |")
            print("|---|---|---|---|---|---|---|")
            print(_row("none", "", await _watch(server.port, known["segment"]), ""), flush=True)
            for name in names:
                for where, address in ADDRESSES.items():
                    await _attack(server, name, where, address, known)
        finally:
            await server.kill()


async def _objects(data: Path) -> dict[str, str]:
    """A course and the token of its instructor, who may be the attacker."""
    database = Database(f"sqlite+aiosqlite:///{data / 'skillstudio.db'}")
    world = World(database, SystemClock().now)
    instructor = await world.person("Max Born", role=Role.INSTRUCTOR)
    course = await world.course("Law", instructors=[instructor])
    lesson = await world.lesson(course)
    token = await world.token(instructor)
    await database.close()
    return {"course": course.id, "lesson": lesson.id, "token": token}


async def _attack(server: ServerProcess, name: str, where: str, address: str, known: dict[str, str]) -> None:
    segment = {"segment": known["segment"] + "1080p/00000.1.m4s"}
    seconds = str(SECONDS + HEAD_START)
    arguments = ("benchmarks.attacks", name, str(server.port), address, seconds)
    attack = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    answering = asyncio.ensure_future(attack.communicate(json.dumps(known | segment).encode()))
    await asyncio.sleep(HEAD_START)
    taken = await _watch(server.port, known["segment"])
    answers = json.loads((await answering)[0])
    print(
        _row(name, where, taken, ", ".join(f"{count}× {status}" for status, count in answers.items())),
        flush=True,
    )


async def _watch(port: int, media: str) -> list[float]:
    arguments = ("benchmarks.viewers", str(port), media, str(VIEWERS), str(SECONDS))
    viewers = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, cwd=ROOT, stdout=subprocess.PIPE
    )
    return sorted(json.loads((await viewers.communicate())[0]))


def _row(name: str, where: str, taken: list[float], answers: str) -> str:
    at = [taken[len(taken) * part // 100] * 1000 for part in (50, 95)]
    figures = [f"{milliseconds:,.0f}" for milliseconds in (*at, taken[-1] * 1000)]
    return f"| {' | '.join([name, where, *figures, str(len(taken)), answers])} |"
