"""Weekly groups: of like effort, at most 30, the same all week."""

import asyncio
from collections import Counter
from datetime import timedelta

from sqlalchemy import delete, select

from server.gamification.boards import people, service
from server.gamification.xp import ledger, rules
from storage.database.engine import Database
from storage.database.tables import BoardGroupMember, LeaderboardCount, LeaderboardRow, User
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.boards.earning import earn, earn_times, viewer_of
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases
NEXT_WEEK = START + timedelta(days=2)  # a Tuesday


async def groups(database: Database, week: str) -> dict[str, tuple[int, int]]:
    async with database.read() as session:
        rows = await session.scalars(select(BoardGroupMember).where(BoardGroupMember.period == week))
        return {row.user_id: (row.band, row.number) for row in rows}


async def seen(database: Database, viewer: User) -> list[tuple[int, str, int]]:
    async with database.read() as session:
        places = await service.weekly_group(session, viewer_of(viewer), NEXT_WEEK)
        return [(place.rank, place.name, place.xp) for place in places]


async def test_groups_do_not_overflow_when_all_come_at_once(world: World, database: Database) -> None:
    made = [await world.person(f"P{number}") for number in range(35)]
    await asyncio.gather(*(earn(database, one.id, "q", START) for one in made))
    found = await groups(database, "2026-11-16")
    assert Counter(found.values()) == {(0, 1): 30, (0, 2): 5}
    await asyncio.gather(*(earn(database, one.id, "r", START) for one in made))
    async with database.write() as session:
        for table in (LeaderboardRow, LeaderboardCount):
            await session.execute(delete(table))
        for one in made:
            await ledger.settle(session, one.id)
    assert await groups(database, "2026-11-16") == found


async def test_groups_are_of_like_effort(world: World, database: Database) -> None:
    ada, emmy, grace, max_ = [await world.person(name) for name in ("Ada", "Emmy", "Grace", "Max")]
    await earn_times(database, ada.id, 9, START)
    await earn_times(database, emmy.id, 8, START)
    await earn_times(database, grace.id, 1, START)
    assert await seen(database, ada) == []
    for person in (ada, emmy, grace, max_):
        await earn(database, person.id, "new", NEXT_WEEK)
    bands = {user_id: band for user_id, (band, _) in (await groups(database, "2026-11-23")).items()}
    expected = {ada.id: 900, emmy.id: 800, grace.id: 100, max_.id: 0}
    assert bands == {user_id: rules.band(xp) for user_id, xp in expected.items()}
    assert await seen(database, ada) == [(1, "Ada", 100), (1, "Emmy", 100)]
    await people.hide_name(database, emmy.id, hidden=True)
    await earn(database, emmy.id, "more", NEXT_WEEK)
    assert await seen(database, ada) == [(1, "Hidden learner", 200), (2, "Ada", 100)]
    assert await seen(database, max_) == [(1, "Max", 100)]
