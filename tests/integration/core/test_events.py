"""Facts: published once, handled in the publisher's transaction, replayed."""

import asyncio
import sys
from collections import Counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.events import INFO_KEY, Event, Handlers, bind, publish, replay
from storage.database.engine import Database
from storage.database.tables import Course, Institution, LearningEvent
from storage.states import FactKind
from tests.architecture.source import ROOT
from tests.fixtures.database import on_both_databases
from tests.world.builder import World
from tests.world.clock import START

NIGHT = START.replace(hour=1, minute=30)
COMPLETED = Event(
    kind=FactKind.LESSON_COMPLETED, user_id="ada", subject="lesson-1", at=NIGHT, lesson_id="lesson-1"
)
# Publishes the same fact from a process of its own; the handler writes a row that names the process.
PUBLISHER = """
import asyncio, sys
from datetime import UTC, datetime
from server.core.events import INFO_KEY, Event, bind, publish
from storage.database.engine import Database
from storage.database.tables import Course
from storage.states import FactKind

async def main():
    database = Database(sys.argv[1])
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)

    async def handler(session, fact):
        session.add(Course(title=sys.argv[2], created_at=now, updated_at=now))

    bind(database, {FactKind.ENROLLED: [handler]})
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(20):
        event = Event(kind=FactKind.ENROLLED, user_id="ada", subject=f"course-{number}", at=now)
        async with database.write() as session:
            await publish(session, event)
    await database.close()

asyncio.run(main())
"""


class Recorder:
    """A handler that counts what it was given."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    async def __call__(self, _session: AsyncSession, fact: LearningEvent) -> None:
        self.seen[f"{fact.kind} {fact.subject}"] += 1


@pytest.fixture
async def ada(world: World) -> None:
    await world.person("Ada", user_id="ada")


async def facts(database: Database) -> list[LearningEvent]:
    async with database.read() as session:
        return list(await session.scalars(select(LearningEvent).order_by(LearningEvent.id)))


@on_both_databases
async def test_second_publication_does_nothing(database: Database, ada: None) -> None:
    recorder = Recorder()
    bind(database, {FactKind.LESSON_COMPLETED: [recorder]})
    published = []
    for _ in range(2):
        async with database.write() as session:
            published.append(await publish(session, COMPLETED))
    assert published == [True, False]
    assert recorder.seen == {"lesson_completed lesson-1": 1}
    (fact,) = await facts(database)
    assert (fact.user_id, fact.actor_id, fact.local_day) == ("ada", "ada", "2026-11-22")


@on_both_databases
async def test_two_processes_publish_one_fact_once(database: Database, ada: None) -> None:
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", PUBLISHER, database.url, name, cwd=ROOT, stdin=-1, stdout=-1
        )
        for name in ("first", "second")
    ]
    for child in children:
        assert child.stdout
        assert await child.stdout.readline() == b"ready\n"
    await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    assert [child.returncode for child in children] == [0, 0]
    assert len(await facts(database)) == 20
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Course)) == 20  # handlers ran once each


@on_both_databases
async def test_failed_handler_takes_the_fact_back(database: Database, ada: None) -> None:
    async def broken(_session: AsyncSession, _fact: LearningEvent) -> None:
        raise RuntimeError("no")

    bind(database, {FactKind.LESSON_COMPLETED: [broken]})
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            await publish(session, COMPLETED)
    assert await facts(database) == []


async def test_handlers_publish_further_facts(database: Database, ada: None) -> None:
    recorder = Recorder()

    async def complete_course(session: AsyncSession, fact: LearningEvent) -> None:
        await publish(session, Event(kind=FactKind.COURSE_COMPLETED, user_id="ada", subject="c", at=fact.at))

    handlers: Handlers = {
        FactKind.LESSON_COMPLETED: [complete_course],
        FactKind.COURSE_COMPLETED: [recorder],
    }
    bind(database, handlers)
    for subject in ("lesson-1", "lesson-2"):
        async with database.write() as session:
            event = Event(kind=FactKind.LESSON_COMPLETED, user_id="ada", subject=subject, at=NIGHT)
            await publish(session, event)
    assert recorder.seen == {"course_completed c": 1}
    assert [fact.kind for fact in await facts(database)] == [
        "lesson_completed",
        "course_completed",
        "lesson_completed",
    ]


async def test_replay_rebuilds_and_publishes_nothing(database: Database, ada: None) -> None:
    bind(database, {})
    for number in range(3):
        async with database.write() as session:
            await publish(
                session, Event(kind=FactKind.ENROLLED, user_id="ada", subject=f"course-{number}", at=NIGHT)
            )
    recorder = Recorder()
    async with database.write() as session:
        assert await replay(session, {FactKind.ENROLLED: [recorder]}) == 3
    assert recorder.seen == {f"enrolled course-{number}": 1 for number in range(3)}
    assert len(await facts(database)) == 3


@on_both_databases
async def test_local_day_is_the_institutions(database: Database, ada: None) -> None:
    bind(database, {})
    async with database.write() as session:
        await session.merge(Institution(id=1, name="School", time_zone="America/New_York", day_start_hour=4))
    async with database.write() as session:
        await publish(session, COMPLETED)  # 20:30 of the 21st in New York
    assert [fact.local_day for fact in await facts(database)] == ["2026-11-21"]


async def test_unbound_database_is_an_error(database: Database, ada: None) -> None:
    del database.session_info[INFO_KEY]
    with pytest.raises(LookupError):
        async with database.write() as session:
            await publish(session, COMPLETED)


async def test_replay_keeps_the_order_of_publication(database: Database, ada: None) -> None:
    """Also of facts that one millisecond has published."""
    bind(database, {})
    subjects = [f"course-{number}" for number in range(50)]
    async with database.write() as session:
        for subject in subjects:
            await publish(session, Event(kind=FactKind.ENROLLED, user_id="ada", subject=subject, at=NIGHT))
    assert [fact.subject for fact in await facts(database)] == subjects
