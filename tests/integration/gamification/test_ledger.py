"""The XP ledger: paid once for each fact, whatever order and however often, on both databases."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import delete, select

from server.core.events import Event, note_activity, publish
from server.gamification.xp import books, defaults, history, ledger, tasks
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import (
    Achievement,
    ActivityDay,
    LeaderboardCount,
    LeaderboardRow,
    User,
    UserAchievement,
    UserStats,
    XpRuleVersion,
    XpTransaction,
)
from storage.objects.store import ObjectStore
from storage.states import FactKind, LineReason, XpRule
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases


@pytest.fixture
async def ada(world: World) -> User:
    return await world.person("Ada")


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


async def say(database: Database, user_id: str, kind: FactKind, subject: str, minutes: float = 0) -> None:
    async with database.write() as session:
        at = START + timedelta(minutes=minutes)
        await publish(session, Event(kind=kind, user_id=user_id, subject=subject, at=at))


async def lines(database: Database, user_id: str) -> list[tuple[XpRule, str, int]]:
    async with database.read() as session:
        rows = await session.scalars(
            select(XpTransaction).where(XpTransaction.user_id == user_id).order_by(XpTransaction.id)
        )
        return [(row.rule, row.subject, row.amount) for row in rows]


async def total(database: Database, user_id: str) -> int:
    async with database.read() as session:
        found = await session.get(UserStats, user_id)
        return found.total_xp if found else 0


async def test_defaults_of_the_migration(database: Database) -> None:
    async with database.read() as session:
        values = {row.rule: row.amount for row in await session.scalars(select(XpRuleVersion))}
        rows = await session.scalars(select(Achievement).order_by(Achievement.position))
        found = [
            defaults.Default(row.id, row.name, row.description, row.criterion, row.threshold, row.rarity)
            for row in rows
        ]
    assert values == defaults.XP
    assert found == list(defaults.ACHIEVEMENTS)


async def test_first_lesson_pays_and_unlocks(ada: User, database: Database) -> None:
    await say(database, ada.id, FactKind.LESSON_COMPLETED, "l")
    assert await lines(database, ada.id) == [
        (XpRule.LESSON_COMPLETED, "l", 50),
        (XpRule.ACHIEVEMENT_UNLOCKED, "first_steps", 200),
    ]
    async with database.read() as session:
        stats = await session.get_one(UserStats, ada.id)
        held = list(await session.scalars(select(UserAchievement.achievement_id)))
    assert (stats.total_xp, stats.level, stats.lessons, held) == (250, 1, 1, ["first_steps"])


async def test_deleted_post_gives_its_xp_back_by_a_line(ada: User, database: Database) -> None:
    await say(database, ada.id, FactKind.POST_CREATED, "p")
    await say(database, ada.id, FactKind.POST_DELETED, "p", 5)
    await say(database, ada.id, FactKind.POST_DELETED, "p", 6)
    assert await lines(database, ada.id) == [
        (XpRule.DISCUSSION_POST, "p", 30),
        (XpRule.DISCUSSION_POST, "p#1", -30),
    ]
    async with database.read() as session:
        reasons = list(await session.scalars(select(XpTransaction.reason).order_by(XpTransaction.id)))
    assert reasons == [LineReason.EARNED, LineReason.TAKEN_BACK]


async def test_days_of_learning_are_paid_by_the_task(
    ada: User, database: Database, services: Services
) -> None:
    for day in range(3):
        async with database.write() as session:
            morning = START + timedelta(days=day + 1)  # from Monday on
            await note_activity(session, [ada.id], morning)
            await note_activity(session, [ada.id], morning + timedelta(hours=1))
    assert await total(database, ada.id) == 0
    assert await tasks.pay_days(services, START, START) is not None
    assert await tasks.pay_days(services, START, START) is None
    days = [subject for rule, subject, _ in await lines(database, ada.id) if rule == XpRule.DAILY_STREAK]
    assert len(days) == len(set(days)) == 3


async def test_day_noted_since_the_history_was_read_is_paid_later(ada: User, database: Database) -> None:
    monday = START + timedelta(days=1)
    async with database.write() as session:
        await note_activity(session, [ada.id], monday)
        known, paid = await history.with_lines(session, [ada.id])
        await note_activity(session, [ada.id], monday + timedelta(days=1))
        await ledger.write(session, known, paid, await books.book(session))
    async with database.read() as session:
        unpaid = list(await session.scalars(select(ActivityDay.day).where(~ActivityDay.settled)))
    assert unpaid == ["2026-11-24"]


KINDS = (
    FactKind.LESSON_COMPLETED,
    FactKind.QUIZ_PASSED,
    FactKind.QUIZ_PERFECT,
    FactKind.COURSE_COMPLETED,
    FactKind.REVIEW_POSTED,
    FactKind.POST_CREATED,
    FactKind.POST_DELETED,
)


def some_facts(random: Random, count: int) -> Sequence[tuple[FactKind, str, float]]:
    return [(random.choice(KINDS), str(random.randrange(6)), random.randrange(4000)) for _ in range(count)]


async def snapshot(database: Database) -> dict[str, object]:
    """Everything that is derived from facts, without the ids and the order of lines."""
    async with database.read() as session:
        ledger_rows = await session.scalars(select(XpTransaction))
        sums: dict[tuple[str, XpRule, str], int] = {}
        for row in ledger_rows:
            key = (row.user_id, row.rule, row.subject.partition("#")[0])
            sums[key] = sums.get(key, 0) + row.amount
        stats = await session.scalars(select(UserStats).order_by(UserStats.user_id))
        held = await session.scalars(select(UserAchievement))
        boards = await session.scalars(select(LeaderboardRow))
        return {
            "sums": {key: amount for key, amount in sums.items() if amount},
            "stats": [(row.user_id, row.total_xp, row.level, row.lessons, row.quizzes) for row in stats],
            "held": {(row.user_id, row.achievement_id, row.unlocked_at) for row in held},
            "boards": {(row.timeframe, row.period, row.user_id, row.xp, row.reached_at) for row in boards},
        }


async def test_replay_into_empty_tables_gives_the_same(world: World, database: Database) -> None:
    random = Random(1)
    people = [await world.person(f"P{number}") for number in range(4)]
    for person in people:
        for kind, subject, minutes in some_facts(random, 25):
            await say(database, person.id, kind, subject, minutes)
    before = await snapshot(database)
    async with database.write() as session:
        for table in (XpTransaction, UserStats, UserAchievement, LeaderboardRow, LeaderboardCount):
            await session.execute(delete(table))
        for person in people:
            await ledger.settle(session, person.id)
    assert await snapshot(database) == before


async def test_many_clients_at_once_pay_each_subject_once(world: World, database: Database) -> None:
    """64 clients post the same and different facts at once, in a random order."""
    random = Random(2)
    people = [await world.person(f"P{number}") for number in range(3)]
    posted = [(random.choice(people).id, *fact) for fact in some_facts(random, 64)]
    await asyncio.gather(*(say(database, *one) for one in posted))
    for person in people:
        paid = [(rule, subject) for rule, subject, _ in await lines(database, person.id)]
        assert len(paid) == len(set(paid))
    before = await snapshot(database)
    async with database.write() as session:
        for person in people:
            await ledger.settle(session, person.id)
    assert await snapshot(database) == before
