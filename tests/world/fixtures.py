"""Pytest plug-in: the world of a test, and the scenes by name."""

import pytest

from storage.database.engine import Database
from tests.fixtures.web import HeldClock, MakeAccount
from tests.world.builder import World
from tests.world.scenes import Academy, School, make_academy, make_school


@pytest.fixture
def world(database: Database, held_clock: HeldClock) -> World:
    """People, courses, lessons and videos in the test's database, at the time of `held_clock`."""
    return World(database, held_clock.now)


@pytest.fixture
async def lesson_id(world: World) -> str:
    """Published lesson in a new course."""
    return (await world.lesson()).id


@pytest.fixture
async def academy(world: World, make_account: MakeAccount) -> Academy:
    return await make_academy(world, make_account)


@pytest.fixture
async def school(world: World) -> School:
    return await make_school(world)
