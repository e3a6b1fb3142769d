"""Issue of certificates: by the fact, once, as a frozen snapshot."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update

from server.core.events import replay
from server.wiring import EVENTS
from storage.database.engine import Database
from storage.database.tables import Certificate, Course, Institution, LearningEvent, Lesson, User
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World

pytestmark = on_both_databases


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    """Course with two lessons; `learner` is enrolled."""
    course = await world.course("Optics", instructors=[instructor], learners=[learner])
    for title in ("Rays", "Waves"):
        await world.video(await world.lesson(course, title), seconds=300)
    return course


async def give(instructor: Account, course: Course, **values: Any) -> dict[str, Any]:
    path = f"/api/courses/{course.id}/certificate"
    answer = await instructor.api.put(path, json={"given": True} | values)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def own(account: Account) -> list[dict[str, Any]]:
    return [one["certificate"] for one in (await account.api.get("/api/me/certificates")).json()]


async def facts(database: Database, kind: FactKind) -> int:
    async with database.read() as session:
        counted = select(func.count()).select_from(LearningEvent).where(LearningEvent.kind == kind)
        return await session.scalar(counted) or 0


async def test_last_lesson_issues_a_frozen_certificate(
    world: World,
    course: Course,
    instructor: Account,
    learner: Account,
    database: Database,
    held_clock: HeldClock,
) -> None:
    await give(instructor, course, text="Physics\nSummer term", hours=7.5)
    await instructor.api.patch(f"/api/courses/{course.id}", json={"title": "Optics I"})
    async with database.write() as session:
        session.add(Institution(id=1, name="Example University", time_zone="Asia/Tokyo", day_start_hour=0))
    held_clock.advance(hours=8)  # 17:00 UTC: the next day in Tokyo
    for lesson in await _lessons(learner, course):
        assert await own(learner) == []
        await world.completed(await _row(database, lesson), learner)
    (issued,) = await own(learner)
    code = issued.pop("code")
    assert issued == {
        "path": f"/certificates/{code}",
        "name": "Ada Lovelace",
        "institution": "Example University",
        "course": "Optics I",
        "version": 2,
        "text": "Physics\nSummer term",
        "hours": 7.5,
        "day": "2026-11-23",
        "lessons": 2,
        "revoked_at": None,
    }
    await learner.api.patch("/api/me", json={"name": "Ada King"})
    await instructor.api.patch(f"/api/courses/{course.id}", json={"title": "Light"})
    await give(instructor, course, text="Chemistry", hours=1)
    async with database.write() as session:
        await session.execute(update(Institution).values(name="Other", time_zone="UTC"))
    assert await own(learner) == [issued | {"code": code}]
    await instructor.api.delete(f"/api/courses/{course.id}")
    assert await own(learner) == [issued | {"code": code}]


async def test_course_gives_none_unless_its_instructor_says_so(
    world: World, course: Course, instructor: Account, learner: Account
) -> None:
    await world.course_completed(course, learner)
    assert await own(learner) == []
    assert (await give(instructor, course))["outstanding"] == 1
    await give(instructor, course, given=False)
    path = f"/teach/courses/{course.id}/certificates/issue"
    assert (await instructor.browser.post(path)).status_code == 409
    assert await own(learner) == []


async def test_those_who_completed_before_get_theirs_once(
    world: World,
    course: Course,
    instructor: Account,
    learner: Account,
    database: Database,
) -> None:
    await world.course_completed(course, learner)
    many = [await world.person(f"Person {number}") for number in range(60)]
    await world.course_completed(course, *many)
    assert (await give(instructor, course))["outstanding"] == 61
    path = f"/teach/courses/{course.id}/certificates"
    assert "61 people have completed the course without" in (await instructor.browser.get(path)).text
    await asyncio.gather(*(instructor.browser.post(f"{path}/issue") for _ in range(3)))
    assert await facts(database, FactKind.CERTIFICATE_ISSUED) == 61
    assert len(await own(learner)) == 1
    shown = (await instructor.browser.get(path)).text
    assert "without getting a certificate" not in shown
    assert "1–50 of 61 people" in shown
    found = (await instructor.browser.get(f"{path}?search=lovelace")).text
    assert ("Ada Lovelace" in found, "Person 7" in found) == (True, False)


async def test_issuing_twice_gives_one(
    world: World, course: Course, instructor: Account, learner: Account, database: Database
) -> None:
    await give(instructor, course)
    await asyncio.gather(*(world.course_completed(course, learner) for _ in range(8)))
    async with database.write() as session:
        await replay(session, EVENTS)
    assert len(await own(learner)) == 1
    assert await facts(database, FactKind.CERTIFICATE_ISSUED) == 1


async def test_codes_belong_to_one_certificate_each(
    world: World, course: Course, instructor: Account, database: Database
) -> None:
    await give(instructor, course)
    await world.course_completed(course, *[await world.person(f"Person {number}") for number in range(20)])
    async with database.read() as session:
        codes = list(await session.scalars(select(Certificate.code)))
    assert len(set(codes)) == len(codes) == 20
    assert all(len(code) == 20 for code in codes)


@pytest.mark.parametrize(
    ("values", "field"), [({"hours": 0}, "hours"), ({"hours": 1e9}, "hours"), ({"text": "x" * 501}, "text")]
)
async def test_wrong_settings_are_refused(
    course: Course, instructor: Account, values: dict[str, Any], field: str
) -> None:
    refused = await instructor.api.put(f"/api/courses/{course.id}/certificate", json={"given": True} | values)
    assert (refused.status_code, set(refused.json()["fields"])) == (400, {field})


async def test_form_keeps_what_was_typed(course: Course, instructor: Account) -> None:
    path = f"/teach/courses/{course.id}/certificates"
    refused = await instructor.browser.post(path, data={"given": "on", "text": "Physics", "hours": "ten"})
    assert refused.status_code == 422
    assert ("Write the hours as a number" in refused.text, "Physics" in refused.text) == (True, True)
    saved = await instructor.browser.post(path, data={"given": "on", "text": "Physics", "hours": "7,5"})
    assert saved.status_code == 303
    shown = (await instructor.browser.get(path)).text
    assert ('value="7.5"' in shown, "checked" in shown) == (True, True)


async def _lessons(learner: Account, course: Course) -> list[str]:
    return [lesson["id"] for lesson in (await learner.api.get(f"/api/courses/{course.id}/lessons")).json()]


async def _row(database: Database, lesson_id: str) -> Any:
    async with database.read() as session:
        return await session.get_one(Lesson, lesson_id)


async def test_deleted_account_takes_its_certificates_along(
    world: World, course: Course, learner: Account, database: Database
) -> None:
    """They hold its name."""
    await world.certificate(course, learner)
    async with database.write() as session:
        await session.delete(await session.get_one(User, learner.id))
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Certificate)) == 0
