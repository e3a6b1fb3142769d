"""Benchmark of a large course: `python -m benchmarks course_page`, 200 lessons, 10,000 enrolled learners.

One of the learners, who has watched half of the lessons, opens the page again and again over HTTP; beside it
the page's queries alone, in a loop in this process. Goal: p95 of at most 50 ms.
"""

import asyncio
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import insert

from server.accounts.identity import Viewer
from server.accounts.signing_in import tokens
from server.core.clock import SystemClock
from server.learning.completion import course_progress
from server.learning.overview import lesson_progress
from server.library import courses, lessons
from server.wiring import bind
from storage.database import migrations
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Course, Enrolment, LearningEvent, Lesson, User, WatchCoverage
from tests.fixtures.crowd import add_people
from tests.fixtures.server_process import ServerProcess
from tests.world.builder import World
from tests.world.catalogue import add_course, add_lesson

LESSONS = 200
LEARNERS = 10_000
ROUNDS = 200
SECONDS = 600  # duration of a lesson


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    with tempfile.TemporaryDirectory(prefix="course-page-") as folder:
        data = Path(folder)
        database = Database(f"sqlite+aiosqlite:///{data / 'skillstudio.db'}")
        bind(database)
        await migrations.upgrade(database)
        course_id, learner = await _course(database)
        token = await tokens.make(database, learner.id, name="benchmark", now=SystemClock().now())
        server = ServerProcess(data, {"SKILLSTUDIO_QUEUE_URL": "redis://127.0.0.1:1/0"})
        await server.start()
        try:
            pages = await _pages(server.url, f"/dashboard/courses/{course_id}", token.token)
        finally:
            await server.kill()
        queries = await _queries(database, course_id, learner)
        await database.close()
    print("| a course of 200 lessons, one of 10,000 enrolled | p50 ms | p95 ms | worst ms |")
    print("|---|---|---|---|")
    print(f"| its page over HTTP, signed in | {_figures(pages)} |")
    print(f"| lessons, progress and completion read in a loop | {_figures(queries)} |")


def _figures(seconds: list[float]) -> str:
    milliseconds = sorted(1000 * one for one in seconds)
    p95 = milliseconds[len(milliseconds) * 95 // 100]
    return f"{statistics.median(milliseconds):.1f} | {p95:.1f} | {milliseconds[-1]:.1f}"


async def _course(database: Database) -> tuple[str, User]:
    now = SystemClock().now()
    world = World(database, lambda: now)
    async with database.write() as session:
        course = await add_course(session, "Anatomy", at=now)
        made = [await add_lesson(session, course.id, f"Part {number}", at=now) for number in range(LESSONS)]
    for lesson in made:
        await world.video(lesson, seconds=SECONDS, audio=False)
    people = await add_people(database, LEARNERS)
    async with database.write() as session:
        rows = [{"course_id": course.id, "user_id": person, "created_at": now} for person in people]
        await session.execute(insert(Enrolment), rows)
    await _watched(database, course, made, people)
    async with database.read() as session:
        return course.id, await session.get_one(User, people[LEARNERS // 2])


async def _watched(database: Database, course: Course, made: list[Lesson], people: list[str]) -> None:
    """Every learner has completed the first half of the lessons."""
    now = SystemClock().now()
    for lesson in made[: LESSONS // 2]:
        seen = [
            {
                "user_id": person,
                "lesson_id": lesson.id,
                "spans": [[0, SECONDS * 10]],
                "covered": SECONDS * 10,
                "position": float(SECONDS),
                "first_at": now,
                "last_at": now + timedelta(seconds=number % 1000),
                "views": 1,
                "staff": False,
            }
            for number, person in enumerate(people)
        ]
        facts = [
            {
                "id": new_id(),
                "at": now,
                "local_day": "2026-11-27",
                "kind": "lesson_completed",
                "user_id": person,
                "course_id": course.id,
                "lesson_id": lesson.id,
                "subject": lesson.id,
            }
            for person in people
        ]
        async with database.write() as session:
            await session.execute(insert(WatchCoverage), seen)
            await session.execute(insert(LearningEvent), facts)


async def _pages(url: str, path: str, token: str) -> list[float]:
    taken = []
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as browser:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            answer = await browser.get(path, headers={"Accept": "text/html"})
            taken.append(time.perf_counter() - started)
            answer.raise_for_status()
    return taken


async def _queries(database: Database, course_id: str, learner: User) -> list[float]:
    viewer = Viewer(learner.id, learner.email, learner.name, learner.role)
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        async with database.read() as session:
            inside = await lessons.shown(session, await courses.shown(session, viewer, course_id))
            await lesson_progress(session, viewer, [lesson.id for lesson in inside])
            await course_progress(session, viewer.id, [course_id])
        taken.append(time.perf_counter() - started)
    return taken
