"""A learner's lesson with a real lecture, for tests that play it."""

import asyncio
import re
from pathlib import Path

import httpx

from tests.e2e import site
from tests.fixtures.clips import make_clip
from tests.fixtures.product import Product

SECONDS = 80
EMAIL = "leo@example.org"


async def prepare(product: Product, folder: Path) -> str:
    """A course with one lecture of 80 s that a learner is enrolled in; the address of the lesson's page."""
    clip = await asyncio.to_thread(make_clip, folder / "talk.mp4", seconds=SECONDS)

    def run(*arguments: str, text: str = "") -> str:
        done = product.command(*arguments, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def build() -> tuple[str, str]:
        person = ["users", "add", EMAIL, "--role", "learner", "--name", "Leo", "--password-stdin"]
        run(*person, text=site.PASSWORD)
        run("users", "add", "ada@example.org", "--role", "administrator", "--name", "Ada")
        token = run("users", "token", "ada@example.org").split()[-1]
        lesson = re.search(
            r'"lesson_id":\s*"(\w+)"', run("ingest", str(clip), "--course", "Optics", "--json")
        )
        assert lesson
        return token, lesson[1]

    token, lesson_id = await asyncio.to_thread(build)
    return await publish(product, token, lesson_id)


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
