"""How many statements XP and boards need: what they cost does not grow with people in a lot or on a board."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from server.core.events import Event, note_activity, publish
from server.gamification.boards import ranks
from server.gamification.boards.ranks import Board
from server.gamification.xp import books, history, ledger
from storage.database.engine import Database
from storage.database.tables import Achievement, CalendarDay, User
from storage.states import FactKind, Timeframe
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.boards.earning import earn, settle_in
from tests.world.builder import World
from tests.world.clock import START

ALL_TIME = Board(Timeframe.ALL_TIME, "")


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    both = (database._writer, database._reader) if database.is_sqlite else (database._writer,)
    for engine in both:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield sent
    for engine in both:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def people(world: World, database: Database, count: int) -> list[User]:
    made = [await world.person(f"P{number}") for number in range(count)]
    async with database.write() as session:
        await note_activity(session, [one.id for one in made], START + timedelta(days=1))
    return made


@on_both_databases
async def test_lot_needs_as_many_statements_as_one_person(world: World, database: Database) -> None:
    first, *others = await people(world, database, 20)
    needed = []
    for lot in ([first], others):
        with statements(database) as sent:
            async with database.write() as session:
                await ledger.settle_all(session, [one.id for one in lot])
        needed.append(len(sent))
    assert needed[1] <= needed[0]


@on_both_databases
async def test_place_with_neighbours_and_top_are_one_statement_each(world: World, database: Database) -> None:
    for person in await people(world, database, 6):
        await earn(database, person.id, "q", START)
    with statements(database) as sent:
        async with database.read() as session:
            assert len(await ranks.around(session, ALL_TIME, person.id)) == 3
    assert len(sent) == 1
    with statements(database) as sent:
        async with database.read() as session:
            assert len(await ranks.top(session, ALL_TIME, 100)) == 6
    assert len(sent) == 1


@on_both_databases
async def test_rules_are_built_again_when_their_content_changes(world: World, database: Database) -> None:
    async def book() -> tuple[Any, int]:
        with statements(database) as sent:
            async with database.read() as session:
                return await books.book(session), len(sent)

    await book()
    before, needed = await book()
    assert needed == 1
    async with database.write() as session:
        (await session.get_one(Achievement, "first_steps")).threshold = 3
    changed, _ = await book()
    assert (changed.awards[0].id, changed.awards[0].threshold) == ("first_steps", 3)
    async with database.write() as session:
        (await session.get_one(Achievement, "first_steps")).threshold = 1
        session.add(CalendarDay(day="2026-12-24"))
    assert (await book())[0].calendar.days == {"2026-12-24"}
    await settle_in(database, "Pacific/Auckland", 4)
    found, _ = await book()
    assert (found.time_zone, found.day_start_hour, found.awards) == ("Pacific/Auckland", 4, before.awards)


@on_both_databases
async def test_award_needs_few_statements(world: World, database: Database) -> None:
    ada = await world.person("Ada")
    await earn(database, ada.id, "q0", START)
    with statements(database) as sent:
        async with database.write() as session:
            fact = Event(kind=FactKind.QUIZ_PERFECT, user_id=ada.id, subject="q1", at=START)
            await publish(session, fact)
    assert len(sent) <= 13  # with the mark of the day; and on PostgreSQL the locks


async def test_settling_reads_facts_and_lines_from_indexes_alone(database: Database) -> None:
    async with database.read() as session:
        connection = await session.connection()
        for wanted in (history.FACTS, history.LINES):
            made = wanted.params(user_ids=["a", "b"]).compile(
                connection.sync_connection, compile_kwargs={"literal_execute": True, "literal_binds": True}
            )
            steps = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}")).all()
            assert ["USING COVERING INDEX" in row[-1] for row in steps] == [True], steps
