"""Rebuild of the boards from the ledger: equal to the live ones, in between readers and awards."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import delete, select, update

from server.gamification.boards import rebuild as rebuilding
from server.gamification.boards import tasks
from server.gamification.boards.rebuild import rebuild
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import (
    BoardGroupMember,
    LeaderboardCount,
    LeaderboardRow,
    User,
    XpTransaction,
)
from storage.objects.store import ObjectStore
from storage.states import FactKind, Role, Timeframe
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.integration.gamification.boards.earning import earn
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases
KINDS = (
    FactKind.LESSON_COMPLETED,
    FactKind.QUIZ_PASSED,
    FactKind.QUIZ_PERFECT,
    FactKind.REVIEW_POSTED,
    FactKind.POST_CREATED,
    FactKind.POST_CREATED,
    FactKind.POST_DELETED,
)


async def rows(database: Database) -> list[tuple[object, ...]]:
    row = LeaderboardRow
    columns = (row.timeframe, row.period, row.user_id, row.xp, row.reached_at)
    async with database.read() as session:
        return [tuple(found) for found in await session.execute(select(*columns).order_by(*columns))]


async def random_ledgers(world: World, database: Database, facts: int) -> list[User]:
    """People with facts of six weeks up to START, posts that were deleted among them, and an instructor."""
    random = Random(5)
    made = [await world.person(f"P{number}") for number in range(7)]
    made.append(await world.person("Max", role=Role.INSTRUCTOR))
    for _ in range(facts):
        at = START - timedelta(minutes=random.randrange(6 * 7 * 24 * 60))
        kind, subject = random.choice(KINDS), str(random.randrange(8))
        await earn(database, random.choice(made).id, subject, at, kind)
    return made


@pytest.fixture
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in ("LOT", "FIRST_LOT"):
        monkeypatch.setattr(rebuilding, size, 3)


async def test_rebuild_gives_the_live_rows(world: World, database: Database, small_lots: None) -> None:
    await random_ledgers(world, database, 120)
    async with database.read() as session:
        assert len(list(await session.scalars(select(XpTransaction.id).where(XpTransaction.amount < 0)))) > 3
    await tasks.delete_ended(database, START)
    live = await rows(database)
    assert {found[0] for found in live} == set(Timeframe)
    assert (await rebuild(database, START)).lots == 0
    assert await rows(database) == live
    async with database.write() as session:
        for table in (LeaderboardRow, LeaderboardCount):
            await session.execute(delete(table))
    assert (await rebuild(database, START)).lots == 3
    assert await rows(database) == live


async def test_rebuild_heals_whatever_is_wrong(world: World, database: Database, small_lots: None) -> None:
    made = await random_ledgers(world, database, 60)
    await tasks.delete_ended(database, START)
    live = await rows(database)
    row = LeaderboardRow
    async with database.write() as session:
        await session.execute(update(row).where(row.user_id == made[0].id).values(xp=row.xp + 1))
        await session.execute(delete(row).where(row.user_id == made[1].id))
        foreign = {"timeframe": Timeframe.ALL_TIME, "period": "", "xp": 7, "reached_at": START}
        session.add_all(LeaderboardRow(user_id=one, **foreign) for one in (made[-1].id, "~nobody"))
        await session.execute(update(LeaderboardCount).values(people=LeaderboardCount.people + 2))
    await rebuild(database, START)
    assert await rows(database) == live


async def test_awards_meanwhile_are_not_lost(
    world: World, database: Database, small_lots: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await random_ledgers(world, database, 30)
    monkeypatch.setattr(rebuilding, "PAUSE_SECONDS", 0.0)

    async def award() -> None:
        for number in range(10):
            for person in made:
                await earn(database, person.id, f"meanwhile{number}", START)

    seen: list[int] = []

    async def look() -> None:
        while not awarding.done():
            seen.append(len(await rows(database)))
            await asyncio.sleep(0.005)

    awarding = asyncio.create_task(award())
    looking = asyncio.create_task(look())
    while not awarding.done():
        await rebuild(database, START)
    await looking
    assert min(seen) > 0
    await tasks.delete_ended(database, START)
    assert (await rebuild(database, START)).lots == 0


async def test_task_deletes_ended_periods(
    world: World,
    database: Database,
    settings: Settings,
    folder_store: ObjectStore,
    recorded_queue: RecordedQueue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "PART", 2)
    made = await random_ledgers(world, database, 60)
    services = Services(settings, database, folder_store, recorded_queue)
    later = START + timedelta(days=70)
    assert str(await tasks.renew(services, later, later)).startswith(f"People: {len(made)};")
    left = await rows(database)
    assert {found[:2] for found in left} == {(Timeframe.ALL_TIME, "")}
    async with database.read() as session:
        counts = select(LeaderboardCount.timeframe).distinct()
        assert set(await session.scalars(counts)) == {Timeframe.ALL_TIME}
        assert list(await session.scalars(select(BoardGroupMember))) == []
