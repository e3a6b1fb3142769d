"""Lessons in a list are the same as one by one, whatever they hold and whoever asks."""

import pytest
from sqlalchemy import update

from server.accounts.identity import Viewer
from server.library import courses, lessons
from storage.database.engine import Database
from storage.database.tables import Lesson, User
from storage.states import LessonKind, PublicationStatus, Role
from tests.fixtures.database import on_both_databases
from tests.world.builder import World

pytestmark = on_both_databases


def viewer_of(user: User) -> Viewer:
    return Viewer(user.id, user.email, user.name, user.role)


@pytest.mark.parametrize("role", [Role.INSTRUCTOR, Role.LEARNER])
async def test_a_list_has_the_fields_of_each_lesson(database: Database, world: World, role: Role) -> None:
    person = await world.person("Ada", role=role)
    teaches = role == Role.INSTRUCTOR
    course = await world.course(instructors=[person] if teaches else [], learners=[] if teaches else [person])
    made = [await world.lesson(course, title=f"Part {number}") for number in range(5)]
    await world.video(made[0], seconds=12.5)
    async with database.write() as session:
        for lesson, values in (
            (made[0], {"video_original_url": "originals/a", "video_quality_variants": [{"name": "480p"}]}),
            (made[1], {"kind": LessonKind.TEXT, "reading_seconds": 90}),
            (made[2], {"kind": LessonKind.QUIZ, "questions": 3}),
            (made[3], {"status": PublicationStatus.DRAFT}),
        ):
            await session.execute(update(Lesson).where(Lesson.id == lesson.id).values(values))
    viewer = viewer_of(person)
    async with database.read() as session:
        shown = await lessons.shown(session, await courses.shown(session, viewer, course.id))
    assert [one.position for one in shown] == ([0, 1, 2, 3, 4] if teaches else [0, 1, 2, 4])
    assert shown == [await lessons.get(database, viewer, one.id) for one in shown]
    assert all(type(one.available) is bool and type(one.playable) is bool for one in shown)
    assert [one.available for one in shown] == [True, True, True, *([False] * (2 if teaches else 1))]
