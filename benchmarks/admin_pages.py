"""Every page of administrators and instructors: `python -m benchmarks admin_pages`.

The generated institution of the benchmark of analytics, with 20,000 people, 2,000 courses and its daily rows.
Each page is asked for again and again by an administrator, lists also far behind, searched and sorted.
Goal: p95 of at most 200 ms, and no page that grows with the number of people or courses.
"""

import argparse
import asyncio
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from benchmarks.dashboards import administrator, ask, last_moment, server_at
from benchmarks.years import writing
from server.accounts.identity import Viewer
from server.analytics.rollups import tasks
from server.core.clock import SystemClock
from server.gamification.changes import preview, rules
from server.gamification.changes import service as changes
from server.wiring import bind
from storage.database import migrations
from storage.database.engine import Database
from storage.database.tables import Course, CourseInstructor, Enrolment, Payment, Team, User
from storage.states import LessonKind, PaymentKind, Role, XpRule
from tests.integration.pages.every.test_every_page import PAGES
from tests.world.builder import World

PEOPLE, COURSES = 20_000, 2_000
ROUNDS = 30
GOAL = 200  # ms
LISTS = {  # what is asked of a list besides its first page
    "/admin/people": ("?page=400", "?search=person+19", "?sort=email"),
    "/admin/boards": ("?page=20", "?search=person+19"),
    "/admin/payments": ("?page=100", "?search=person19"),
    "/admin/payments/recurring": ("?page=5",),
    "/admin/teams/{team}": ("?page=10", "?search=person+19"),
    "/admin/audit": ("?page=2",),
    "/admin/analytics": ("?range=90", "?course={course}", "?instructor={teacher}", "?team={team}"),
    "/teach": ("?page=40", "?search=course+19"),
    "/teach/courses/{course}/people": ("?page=5", "?search=person+1"),
    "/teach/courses/{course}/progress": ("?page=5",),
    "/teach/courses/{course}/analytics": ("?range=90",),
}


def main(people: int = PEOPLE, courses: int = COURSES, folder: str | None = None) -> None:
    if folder is not None:
        asyncio.run(_measure(Path(folder), people, courses))
        return
    with tempfile.TemporaryDirectory(prefix="admin-pages-") as made:
        asyncio.run(_measure(Path(made), people, courses))


async def _measure(folder: Path, people: int, courses: int) -> None:
    now = SystemClock().now()
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite+aiosqlite:///{folder / 'skillstudio.db'}")
    bind(database)
    await migrations.upgrade(database)
    if not await _is_filled(database):
        await database.close()
        writing.fill(folder / "skillstudio.db", people, courses, now)
        await tasks.backfill(database, None, now)
    now = await last_moment(database)
    token = await administrator(database, now)
    ids = await _ids(database, now)
    server = server_at(now, folder, {})
    await server.start()
    try:
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=120) as browser:
            await _report(browser, ids)
    finally:
        await server.kill()
        await database.close()


async def _report(browser: httpx.AsyncClient, ids: dict[str, str]) -> None:
    print("| page | p50 ms | p95 ms | kB | goal |\n|---|---|---|---|---|", flush=True)
    over = 0
    for path in _paths():
        address = path.format(**ids)
        size = len((await browser.get(address)).content) / 1000
        taken = await ask(browser, address, ROUNDS)
        p50, p95 = taken[len(taken) // 2], taken[len(taken) * 95 // 100]
        over += p95 > GOAL
        mark = f"≤ {GOAL}" + (" missed" if p95 > GOAL else "")
        print(f"| {path} | {p50:,.0f} | {p95:,.0f} | {size:,.0f} | {mark} |", flush=True)
    print(f"\n{over} of {len(list(_paths()))} over {GOAL} ms", flush=True)


def _paths() -> Iterator[str]:
    """The pages that the tests know, which are all there are."""
    for pattern in PAGES:
        if re.match(r"/(admin|teach)\b", pattern):
            yield pattern
            yield from (pattern + query for query in LISTS.get(pattern, ()))


async def _is_filled(database: Database) -> bool:
    async with database.read() as session:
        return await session.scalar(select(Course.id).limit(1)) is not None


async def _ids(database: Database, now: datetime) -> dict[str, str]:
    """Ids by their names in PAGES: the course with most enrolments, its people and lessons, and what is added
    for the pages that need it."""
    world = World(database, lambda: now)
    async with database.read() as session:
        largest = select(Enrolment.course_id).group_by(Enrolment.course_id).order_by(func.count().desc())
        course = await session.get_one(Course, await session.scalar(largest.limit(1)))
        inside = select(Enrolment.user_id).where(Enrolment.course_id == course.id)
        ids = {
            "course": course.id,
            "learner": await session.scalar(inside),
            "teacher": await session.scalar(
                select(CourseInstructor.user_id).where(CourseInstructor.course_id == course.id)
            ),
            "team": await session.scalar(select(Team.id).order_by(Team.id)),
            **{
                str(kind): await session.scalar(select(Payment.id).where(Payment.kind == kind))
                for kind in (PaymentKind.ONE_OFF, PaymentKind.RECURRING)
            },
        }
        admin = await session.scalar(select(User).where(User.role == Role.ADMINISTRATOR))
    assert admin is not None
    known = {name: value for name, value in ids.items() if value is not None}
    return {**known, **await _made(world, course, Viewer(admin.id, admin.email, admin.name, admin.role))}


async def _made(world: World, course: Course, admin: Viewer) -> dict[str, str]:
    lessons: dict[str, Any] = {}
    for state in ("ready", "encoding", "failed"):
        lessons[state] = await world.lesson(course, state)
        await world.video(lessons[state], state=state, seconds=1800)
    lessons["draft"] = await world.lesson(course, "draft", status="draft")
    lessons["text"] = await world.lesson(course, "text", text="Light.")
    lessons["quiz"] = await world.lesson(course, "quiz", kind=LessonKind.QUIZ)
    await world.quiz(lessons["quiz"])
    dates = {"running": 0, "planned": 1}
    challenges = {name: await world.challenge(begins_in=day) for name, day in dates.items()}
    return {name: row.id for name, row in {**lessons, **challenges}.items()} | {
        "change": await _change(world, admin)
    }


async def _change(world: World, admin: Viewer) -> str:
    """Change of the XP values whose dry run is complete."""
    values = rules.ValuesChange({XpRule.LESSON_COMPLETED: 80})
    change_id = await changes.propose(world.database, admin, values, world.now())
    await preview.run(world.database, change_id, world.now())
    return change_id


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--people", type=int, default=PEOPLE)
    given.add_argument("--courses", type=int, default=COURSES)
    given.add_argument("--folder", help="where there is room for the database; it is used again")
    asked = given.parse_args()
    main(asked.people, asked.courses, asked.folder)
