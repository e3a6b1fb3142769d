"""Dashboard over HTTP for the benchmark of analytics: the API's and the page's, alone and beside learners."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
from sqlalchemy import func, select

from benchmarks.years.people import DAYS
from server.accounts.signing_in import tokens as sign_in
from server.analytics import lately
from server.core.clock import SystemClock
from server.core.signing_keys import live_keys
from server.playback.signing import PURPOSE
from server.watching import tokens
from storage.database.engine import Database
from storage.database.tables import CourseInstructor, Enrolment, LearningEvent, Lesson, Team, User
from storage.states import LessonKind, Role
from tests.fixtures.server_process import ServerProcess
from tests.world.builder import World

ROUNDS = 100
LONGEST = 12.0  # seconds of one question: it is asked less often then
LEAST = 5
UNCOUNTED = 2  # first answers, in which statements are built
LATELY = lately.KEPT.total_seconds() + 0.1  # after which figures of the current day are counted anew
ANEW = 4  # answers that are waited for so long
PER_SECOND = 20  # heartbeats of 200 learners who report every ten seconds
FIRST = 5.0  # seconds before the first question, in which all learners begin
AHEAD = 20.0  # seconds after the start, in which figures of past days are counted ahead
ROOT = Path(__file__).parents[1]
EMAIL = "benchmark@example.edu"
# `python -c SET_BACK SECONDS COMMAND`: a command whose clock is set back.
SET_BACK = """
import sys
from datetime import timedelta
from server.core import clock
by, now = timedelta(seconds=float(sys.argv.pop(1))), clock.SystemClock.now
clock.SystemClock.now = lambda self: now(self) - by
from server.cli import main
main()
"""
Told = Callable[[str, str, str], None]


class Question(NamedTuple):
    name: str
    path: str
    goal: str
    anew: bool = False  # asked also when nothing of the current day is remembered


async def measure(
    database: Database, folder: Path, environment: Mapping[str, str], tell: Told, *, viewers: int = 0
) -> None:
    """Times of every question, asked again and again by one administrator."""
    now = await last_moment(database)
    token = await administrator(database, now)
    questions = await _questions(database, now)
    reports = await _reports(database, viewers, now)
    server = server_at(now, folder, environment)
    await server.start()
    load = None
    try:
        if reports:
            load = await _watching(server.port, reports, folder, len(questions))
            await asyncio.sleep(FIRST)
        async with httpx.AsyncClient(base_url=server.url, headers=_headers(token), timeout=120) as browser:
            await asyncio.sleep(AHEAD)
            first = told(await ask(browser, questions[0].path, rounds=0))
            tell(f"{questions[0].name}, asked first, {AHEAD:.0f} s after the start", first, "≤ 2,000 ms")
            for one in questions:
                await _told(browser, server, one, f", while {viewers} learners watch" * bool(viewers), tell)
        tell("peak memory of the server process", f"{_peak(server):,.0f} MB", "≤ 500 MB")
    finally:
        if load is not None:
            load.terminate()
            await load.wait()
        await server.kill()


async def last_moment(database: Database) -> datetime:
    """Time of the last fact: on later days, there would be none on the current one."""
    async with database.read() as session:
        return (
            await session.execute(select(LearningEvent.at).order_by(LearningEvent.at.desc()).limit(1))
        ).scalar_one()


def server_at(now: datetime, folder: Path, environment: Mapping[str, str]) -> ServerProcess:
    """Server that begins at a moment that has passed, if it is started at once."""
    server = ServerProcess(folder, {"SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0", **environment})
    server.program = ("-c", SET_BACK, str((SystemClock().now() - now).total_seconds()))
    return server


async def _told(
    browser: httpx.AsyncClient, server: ServerProcess, one: Question, when: str, tell: Told
) -> None:
    for kind, rounds, rest in (((", counted anew", ANEW, LATELY),) if one.anew else ()) + (("", ROUNDS, 0),):
        before = _processor(server)
        taken = await ask(browser, one.path, rounds, rest=rest)
        used = 1000 * (_processor(server) - before) / (len(taken) + UNCOUNTED)
        tell(f"{one.name}{kind}{when}", f"{told(taken)}, {used:,.0f} ms of a processor", one.goal)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "text/html, application/json;q=0.5"}


async def administrator(database: Database, now: datetime) -> str:
    """Token of an administrator, who is made once."""
    async with database.read() as session:
        user_id = await session.scalar(select(User.id).where(User.email == EMAIL))
    if user_id is None:
        person = await World(database, lambda: now).person("Grace", role=Role.ADMINISTRATOR, email=EMAIL)
        user_id = person.id
    return (await sign_in.make(database, user_id, name="benchmark", now=now)).token


async def _questions(database: Database, now: datetime) -> Sequence[Question]:
    """The filters are of the course with most enrolments, of who teaches it, and of a team."""
    async with database.read() as session:
        largest = select(Enrolment.course_id).group_by(Enrolment.course_id).order_by(func.count().desc())
        course = await session.scalar(largest.limit(1))
        teaches = select(CourseInstructor.user_id).where(CourseInstructor.course_id == course)
        teacher = await session.scalar(teaches.limit(1))
        team = await session.scalar(select(Team.id).order_by(Team.id).limit(1))
    page, whole, part = "/admin/analytics", "≤ 100 ms", "≤ 500 ms"
    first = datetime.fromtimestamp(now.timestamp() - (DAYS - 1) * 86400, now.tzinfo).date()
    everything = f"range=custom&first={first}&last={now.date()}"
    a_year = now.date() - timedelta(days=364)
    year = f"range=custom&first={a_year}&last={now.date()}"
    return (
        Question("page, 30 days", page, whole, anew=True),
        Question("page, 7 days", f"{page}?range=7", whole),
        Question("page, 90 days", f"{page}?range=90", whole),
        Question("page, a year", f"{page}?{year}", whole),
        Question("page, two years", f"{page}?{everything}", whole, anew=True),
        Question("API dashboard, 30 days", "/api/admin/analytics/dashboard", whole, anew=True),
        Question("API dashboard, a year", "/api/admin/analytics/dashboard?days=365", whole),
        Question("page, 30 days of the largest course", f"{page}?course={course}", part),
        Question("page, 30 days of an instructor", f"{page}?instructor={teacher}", part),
        Question("page, 30 days of a team", f"{page}?team={team}", part, anew=True),
        Question("page, two years of the largest course", f"{page}?course={course}&{everything}", part),
    )


async def ask(browser: httpx.AsyncClient, path: str, rounds: int = ROUNDS, *, rest: float = 0) -> list[float]:
    """Milliseconds of each answer, without the first ones; of one alone without `rounds`. `rest`: seconds
    before each."""
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(rounds + UNCOUNTED) if rounds else (UNCOUNTED,):
        await asyncio.sleep(rest)
        started = time.perf_counter()
        answer = await browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered with {answer.status_code}: {answer.text[:500]}")
        if number >= UNCOUNTED:
            taken.append(1000 * (time.perf_counter() - started))
        if len(taken) >= LEAST and not rest and time.perf_counter() - began > LONGEST:
            break
    return sorted(taken)


def told(taken: Sequence[float]) -> str:
    p50, p95 = taken[len(taken) // 2], taken[len(taken) * 95 // 100]
    return f"p50 {p50:,.0f} ms, p95 {p95:,.0f} ms"


async def _reports(database: Database, count: int, now: datetime) -> list[str]:
    """Watch tokens of learners, each for a video of a course that they are enrolled in."""
    if not count:
        return []
    (key, *_) = await live_keys(database, PURPOSE, now)
    async with database.read() as session:
        rows = await session.execute(
            select(Enrolment.user_id, func.min(Lesson.id))
            .join(Lesson, Lesson.course_id == Enrolment.course_id)
            .where(Enrolment.ended_at.is_(None), Lesson.kind == LessonKind.VIDEO)
            .group_by(Enrolment.user_id)
            .order_by(Enrolment.user_id.desc())
            .limit(count)
        )
        pairs = [(user_id, lesson_id) for user_id, lesson_id in rows]
    issued = [tokens.issue(user_id, lesson_id, staff=False, now=now) for user_id, lesson_id in pairs]
    return [tokens.sign(key, token) for token in issued]


async def _watching(
    port: int, reports: list[str], folder: Path, questions: int
) -> asyncio.subprocess.Process:
    """Heartbeats from a process of its own, for as long as the questions take at most."""
    (folder / "tokens.json").write_text(json.dumps(reports))
    command = (sys.executable, "-m", "benchmarks.viewers_report", str(port), str(folder / "tokens.json"))
    seconds = str(int(questions * (LONGEST + ANEW * LATELY + 20)))
    return await asyncio.create_subprocess_exec(
        *command, str(PER_SECOND), seconds, "", cwd=ROOT, stdout=subprocess.DEVNULL
    )


def _processor(server: ServerProcess) -> float:
    """Seconds that the process has used so far: they depend less on other programs than those that pass."""
    assert server.process is not None
    ticks = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _peak(server: ServerProcess) -> float:
    """Most resident memory so far, in MB."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1000
