import pytest
from sqlalchemy import event, select

from storage.database.among import among
from storage.database.engine import Database
from storage.database.tables import Course, User
from tests.fixtures.database import on_both_databases
from tests.world.builder import World

pytestmark = on_both_databases


async def test_rows_of_listed_values(world: World, database: Database) -> None:
    people = [await world.person(f"Person {number}") for number in range(3)]
    async with database.read() as session:
        chosen = {people[0].id, people[2].id, "nobody"}
        found = set(await session.scalars(select(User.id).where(among(session, User.id, chosen))))
        assert found == {people[0].id, people[2].id}
        assert not list(await session.scalars(select(User.id).where(among(session, User.id, ()))))


@pytest.mark.parametrize("title", ['quotes " and \\', "naïve 日本", "nul \x00 and \ud800", "x" * 300])
async def test_values_are_compared_as_they_are_stored(world: World, database: Database, title: str) -> None:
    course = await world.course(title)
    async with database.read() as session:
        assert list(
            await session.scalars(select(Course.id).where(among(session, Course.title, [title])))
        ) == [course.id]


async def test_text_of_the_statement_is_the_same_for_every_length(database: Database) -> None:
    texts: set[str] = set()
    async with database.read() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *given: texts.add(given[2]))
        for count in (1, 7, 300):
            ids = [f"{number:032x}" for number in range(count)]
            await session.execute(select(User.id).where(among(session, User.id, ids)))
    assert len(texts - {"BEGIN"}) == 1
