"""Uploads into a lesson that is deleted meanwhile: the rest of the file is not taken."""

from collections.abc import AsyncIterator

import pytest

from server.core.errors import Gone
from server.uploads import receive
from storage.database.tables import Course, Lesson
from tests.fixtures.database import on_both_databases
from tests.fixtures.desk import DATA, Desk
from tests.world.clock import START as NOW


@on_both_databases
@pytest.mark.parametrize("store", ["folder"], indirect=True)
@pytest.mark.parametrize("gone", ["lesson", "course"])
async def test_body_ends_with_the_lesson(desk: Desk, monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    monkeypatch.setattr(receive, "RECORD_SECONDS", 0.0)
    upload = await desk.begin()
    taken: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(10):
            if number == 3:
                async with desk.context.database.write() as session:
                    lesson = await session.get_one(Lesson, upload.lesson_id)
                    course = await session.get_one(Course, lesson.course_id)
                    await session.delete(lesson if gone == "lesson" else course)
            taken.append(number)
            yield DATA[number * 100 : number * 100 + 100]

    with pytest.raises(Gone, match="Start it again"):
        await receive.append(desk.context, upload, body(), offset=0, length=None, checksum=None, now=NOW)
    assert taken == [0, 1, 2, 3]
