"""A course with a lesson that two learners discuss."""

import pytest

from storage.database.tables import Course, Lesson
from tests.fixtures.web import Account, MakeAccount
from tests.world.builder import World


@pytest.fixture
async def other(make_account: MakeAccount) -> Account:
    return await make_account("learner", "emmy@example.edu", "Emmy Noether")


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account, other: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner, other])


@pytest.fixture
async def lesson(world: World, course: Course) -> Lesson:
    return await world.lesson(course, "Lenses")
