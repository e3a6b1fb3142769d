"""Random interleavings of 64 clients that post completions, quizzes and retries, on both databases.

INTERLEAVINGS sets how many, FIRST_SEED with which they begin. A thousand on SQLite and 333 on PostgreSQL take
ten minutes. Another thousand, without a database, are in the unit tests.
"""

import asyncio
import os
from collections import Counter
from datetime import timedelta
from random import Random

from sqlalchemy import select

from server.core.events import Event, publish, publish_all
from server.gamification.xp import books, engine, history, ledger
from storage.database.engine import Database
from storage.database.tables import LearningEvent, UserStats, XpTransaction
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.world.builder import World
from tests.world.clock import START

CLIENTS = 64
MANY = int(os.environ.get("INTERLEAVINGS", "18"))
FIRST = int(os.environ.get("FIRST_SEED", "0"))
FEWER = 3  # times fewer on PostgreSQL
KINDS = (
    FactKind.LESSON_COMPLETED,
    FactKind.QUIZ_PASSED,
    FactKind.QUIZ_PERFECT,
    FactKind.COURSE_COMPLETED,
    FactKind.POST_CREATED,
    FactKind.POST_DELETED,
)


async def client(database: Database, user_id: str, random: Random, post: tuple[FactKind, str]) -> None:
    """Posts a fact, and sometimes again, or asks for what is due without one."""
    for _ in range(random.choice((1, 1, 2))):
        for _ in range(random.randrange(4)):
            await asyncio.sleep(0)
        async with database.write() as session:
            if random.random() < 0.05:
                await ledger.settle(session, user_id)
                continue
            at = START + timedelta(minutes=random.randrange(5000))
            kind, subject = post
            await publish(session, Event(kind=kind, user_id=user_id, subject=subject, at=at))


async def assert_paid_once(database: Database, user_id: str, posted: set[tuple[FactKind, str]]) -> None:
    async with database.read() as session:
        lines = list(await session.scalars(select(XpTransaction).where(XpTransaction.user_id == user_id)))
        facts = select(LearningEvent.kind, LearningEvent.subject).where(LearningEvent.user_id == user_id)
        kept = Counter((kind, subject) for kind, subject in await session.execute(facts))
        found = await session.get_one(UserStats, user_id)
        known = (await history.histories(session, [user_id]))[user_id]
        outcome = engine.settle(known, await books.book(session))
    sums: Counter[tuple[str, str]] = Counter()
    for line in lines:
        sums[line.rule, line.subject.partition("#")[0]] += line.amount
    assert dict.fromkeys(posted, 1) == {
        fact: number for fact, number in kept.items() if fact[0] != FactKind.ACHIEVEMENT_UNLOCKED
    }
    assert len({(line.rule, line.subject) for line in lines}) == len(lines)
    assert +sums == {tuple(key): due.amount for key, due in outcome.dues.items() if due.amount}
    assert found.total_xp == outcome.total == sum(line.amount for line in lines)


@on_both_databases
async def test_each_subject_is_paid_once_whatever_the_order(world: World, database: Database) -> None:
    many = MANY if database.is_sqlite else max(1, MANY // FEWER)
    for seed in range(FIRST, FIRST + many):
        random = Random(seed)
        person = await world.person(f"P{seed}")
        posts = [(random.choice(KINDS), str(random.randrange(4))) for _ in range(CLIENTS)]
        await asyncio.gather(*(client(database, person.id, Random(random.random()), post) for post in posts))
        async with database.write() as session:  # a client may have asked only for what is due
            rest = [Event(kind=one, user_id=person.id, subject=name, at=START) for one, name in posts]
            await publish_all(session, rest)
        await assert_paid_once(database, person.id, set(posts))
