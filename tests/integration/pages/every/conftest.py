"""People and things that the pages are shown with."""

from dataclasses import replace

import pytest

from server.gamification.changes import preview, rules
from server.gamification.changes import service as changes
from storage.database.tables import Course, Lesson
from storage.states import FileKind, LessonKind, PaymentKind, XpRule
from tests.fixtures.web import Account, MakeAccount
from tests.world.builder import World
from tests.world.scenes import Academy


@pytest.fixture
async def academy(academy: Academy, world: World) -> Academy:
    """With a quiz as its last lesson."""
    async with world.database.read() as session:
        course = await session.get_one(Course, academy.course_id)
    lesson = await world.lesson(course, "Test", kind=LessonKind.QUIZ)
    await world.quiz(lesson)
    return replace(academy, lesson_ids=(*academy.lesson_ids, lesson.id))


@pytest.fixture
async def people(academy: Academy, make_account: MakeAccount) -> dict[str, Account]:
    return {
        "learner": academy.learner,
        "teacher": academy.teacher,
        "stranger": await make_account("learner", "stranger@example.edu", "Emmy Noether"),
        "administrator": await make_account("administrator", "root@example.edu", "Grace Hopper"),
    }


@pytest.fixture
async def text_id(academy: Academy, world: World) -> str:
    """Text lesson of the academy's course, with a picture and an attachment."""
    async with world.database.read() as session:
        course = await session.get_one(Course, academy.course_id)
    lesson = await world.lesson(course, "Reading", text="# Lenses\n\n|a|b|\n|-|-|\n|1|2|\n\n$a_b$")
    await world.file(lesson, "lens.gif", b"GIF89a\x01\x00", kind=FileKind.PICTURE)
    await world.file(lesson, "notes.txt")
    return lesson.id


@pytest.fixture
async def change_id(academy: Academy, people: dict[str, Account], world: World) -> str:
    """Change of the XP values whose dry run is complete, with a learner who would gain by it."""
    async with world.database.read() as session:
        lesson = await session.get_one(Lesson, academy.lesson_ids[0])
    await world.completed(lesson, academy.learner)
    values = rules.ValuesChange({XpRule.LESSON_COMPLETED: 80})
    admin = people["administrator"].viewer
    change_id = await changes.propose(world.database, admin, values, world.now())
    await preview.run(world.database, change_id, world.now())
    return change_id


@pytest.fixture
async def made(academy: Academy, world: World, text_id: str, change_id: str) -> dict[str, str]:
    """Ids by their names in PAGES: the text lesson, a change of rules, a team, two challenges and two
    payments."""
    challenges = {
        name: await world.challenge(begins_in=day) for name, day in (("running", 0), ("planned", 1))
    }
    team = await world.team("10b", academy.learner)
    paid = {
        str(kind): await world.payment(kind=kind) for kind in (PaymentKind.ONE_OFF, PaymentKind.RECURRING)
    }
    ids = {"text": text_id, "change": change_id, "team": team.id, **paid}
    return {**ids, **{name: row.id for name, row in challenges.items()}}
