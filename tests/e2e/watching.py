"""A learner's lesson with a real lecture, for tests that play it."""

import asyncio
import re

import httpx
from sqlalchemy import select, update

from server.core.clock import SystemClock
from storage.database.tables import Course, User
from storage.states import Role
from tests.e2e import site
from tests.fixtures.clips import make_clip
from tests.fixtures.database import open_sqlite
from tests.fixtures.product import Product
from tests.world.builder import World

SECONDS = 80
EMAIL, TEACHER, COURSE = "leo@example.org", "ada@example.org", "Optics"


async def prepare(product: Product, seconds: int = SECONDS) -> str:
    """A new course with one lecture that a new learner is enrolled in; the address of its page.

    What the test before it had on this product gets other names.
    """
    database = open_sqlite(product.data / "skillstudio.db")
    async with database.write() as session:
        earlier = update(User).where(User.email == EMAIL).values(email=User.id + "@example.org")
        await session.execute(earlier)
        await session.execute(update(Course).where(Course.title == COURSE).values(title=Course.id))
    await World(database, SystemClock().now).person("Leo", email=EMAIL, password=site.PASSWORD)
    await database.close()
    token = await teacher_token(product)
    clip = product.data.with_name(f"talk-{seconds}.mp4")
    if not clip.exists():
        await asyncio.to_thread(make_clip, clip, seconds=seconds)
    done = await asyncio.to_thread(product.command, "ingest", str(clip), "--course", COURSE, "--json")
    assert done.returncode == 0, done.stderr
    lesson = re.search(r'"lesson_id":\s*"(\w+)"', done.stdout)
    assert lesson
    return await publish(product, token, lesson[1])


async def teacher_token(product: Product) -> str:
    """Token of an administrator, who teaches every course."""
    database = open_sqlite(product.data / "skillstudio.db")
    world = World(database, SystemClock().now)
    async with database.read() as session:
        teacher = await session.scalar(select(User).where(User.email == TEACHER))
    teacher = teacher or await world.person("Ada", role=Role.ADMINISTRATOR, email=TEACHER)
    token = await world.token(teacher)
    await database.close()
    return token


async def publish(product: Product, token: str, lesson_id: str) -> str:
    async with httpx.AsyncClient(base_url=product.url, headers={"Authorization": f"Bearer {token}"}) as api:
        lesson = (await api.get(f"/api/lessons/{lesson_id}")).json()
        course = f"/api/courses/{lesson['course_id']}"
        for answer in (
            await api.patch(f"/api/lessons/{lesson_id}", json={"status": "published"}),
            await api.patch(course, json={"status": "published"}),
            await api.post(f"{course}/enrolments", json={"emails": [EMAIL]}),
        ):
            assert answer.is_success, answer.text
    return f"{product.url}/dashboard/courses/{lesson['course_id']}/lessons/{lesson_id}"
