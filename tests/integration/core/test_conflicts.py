"""A transaction that the database undoes because of others: the request can be tried again."""

import asyncio

import pytest
from sqlalchemy import select

from server.library import courses
from storage.database.engine import Database
from storage.database.tables import Course
from tests.fixtures.web import Account
from tests.world.builder import World


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_deadlock_is_answered_with_try_again(
    database: Database, world: World, administrator: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await world.course("First"), await world.course("Second")
    both_hold_one = asyncio.Barrier(2)

    async def lock(one: Course, other: Course) -> None:
        async with database.write() as session:
            for course in (one, other):
                await session.execute(select(Course.id).where(Course.id == course.id).with_for_update())
                if course is one:
                    await both_hold_one.wait()

    async def deadlock(*_: object) -> None:
        done = await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True)
        raise next(error for error in done if isinstance(error, Exception))

    monkeypatch.setattr(courses, "delete", deadlock)
    answer = await administrator.api.delete(f"/api/courses/{first.id}")
    assert (answer.status_code, answer.json()["title"]) == (503, "Not available right now")
    assert int(answer.headers["retry-after"]) > 0
