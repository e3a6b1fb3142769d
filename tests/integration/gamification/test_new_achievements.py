"""New, retired and missing achievements, on both databases."""

from datetime import timedelta

import msgspec
from sqlalchemy import select

from server.accounts.identity import Viewer
from server.gamification.changes import service, tasks
from server.gamification.learner import achievements, stats
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import (
    Achievement,
    UserAchievement,
)
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.changing import EASY, NOW, previewed, propose
from tests.integration.gamification.test_ledger import say
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases


async def test_new_achievement_is_for_those_who_qualify_or_for_later_ones(
    world: World, admin: Viewer, database: Database, services: Services
) -> None:
    early, late = await world.person("Early"), await world.person("Late")
    for lesson in "ab":
        await say(database, early.id, FactKind.LESSON_COMPLETED, lesson)
    await service.apply_at_once(database, admin, EASY, "from_now", START + timedelta(hours=1))
    await tasks.run(services, NOW, NOW)
    for lesson in "ab":
        await say(database, late.id, FactKind.LESSON_COMPLETED, lesson, 120)
    await say(database, early.id, FactKind.LESSON_COMPLETED, "c", 120)
    assert await holders(database, "easy") == {late.id}
    other = msgspec.structs.replace(EASY, id="other", threshold=3)
    change_id = await propose(database, admin, other)
    told = await previewed(database, change_id)
    assert {user: row.unlocked for user, row in told.items()} == {early.id: ["other"]}
    await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    await tasks.run(services, NOW, NOW)
    assert await holders(database, "other") == {early.id}


async def holders(database: Database, achievement_id: str) -> set[str]:
    async with database.read() as session:
        chosen = select(UserAchievement.user_id).where(UserAchievement.achievement_id == achievement_id)
        return set(await session.scalars(chosen))


async def test_retired_one_is_kept_and_seeding_puts_missing_ones_back(
    world: World, admin: Viewer, database: Database, services: Services
) -> None:
    ada, bob = await world.person("Ada"), await world.person("Bob")
    await say(database, ada.id, FactKind.LESSON_COMPLETED, "a")
    for _ in range(2):
        await service.retire(database, "first_steps", NOW)
    await say(database, bob.id, FactKind.LESSON_COMPLETED, "a")
    assert await holders(database, "first_steps") == {ada.id}
    assert await service.seed(database, NOW) == []
    async with database.write() as session:
        await session.delete(await session.get_one(Achievement, "level_25"))
    assert await service.seed(database, NOW) == ["level_25"]
    assert await service.seed(database, NOW) == []


async def test_total_counts_what_the_person_has_or_can_still_unlock(
    world: World, admin: Viewer, database: Database, services: Services
) -> None:
    """Not a retired one that they do not have, nor one that they had reached before it came."""
    ada, bob = await world.person("Ada"), await world.person("Bob")
    for lesson in "ab":
        await say(database, ada.id, FactKind.LESSON_COMPLETED, lesson)
    assert await counted(database, ada.id) == (1, 12)
    await service.retire(database, "first_steps", NOW)
    assert (await counted(database, ada.id), await counted(database, bob.id)) == ((1, 12), (0, 11))
    await service.apply_at_once(database, admin, EASY, "from_now", START + timedelta(hours=1))
    await tasks.run(services, NOW, NOW)
    assert (await counted(database, ada.id), await counted(database, bob.id)) == ((1, 12), (0, 12))


async def counted(database: Database, user_id: str) -> tuple[int, int]:
    async with database.read() as session:
        found = await stats.stats(session, user_id, NOW)
        listed = await achievements.of_person(session, user_id)
    assert found.achievements_total == len(listed)
    return found.achievements, found.achievements_total
