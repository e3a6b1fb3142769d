"""Many rows written at once: every kind of value comes back as it was, on both databases."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, select

from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import User, VideoAnalytics, WatchAllowance
from storage.database.update import update_rows
from tests.fixtures.database import on_both_databases
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases
HOUR = timedelta(hours=1)


def player(name: str, user_id: str, lesson_id: str, **values: Any) -> dict[str, Any]:
    """Every column of a session of the player."""
    return {
        **{"id": name, "user_id": user_id, "lesson_id": lesson_id, "started_at": START, "last_at": START},
        **{"heartbeats": None, "spans": None, "position": 0.0, "watch_seconds": 0.1 + 0.2},
        **{"completion_percentage": 0, "playback_speed": 1.0, "quality_selected": None, "device_type": None},
        "staff": False,
        **values,
    }


async def stored(database: Database) -> dict[str, dict[str, Any]]:
    async with database.read() as session:
        columns = VideoAnalytics.__table__.c
        return {row.id: dict(row._mapping) for row in await session.execute(select(*columns))}


async def test_values_of_every_kind_come_back(database: Database, world: World) -> None:
    lesson, person = await world.lesson(), (await world.person("Ada")).id
    first = player(
        "a",
        person,
        lesson.id,
        heartbeats=[[0, 3], [5, 6]],
        device_type='tv "ä" \\ \U0001f600',
        quality_selected="nul\x00 and \ud800",
        staff=True,
        position=1e-7,
        last_at=START + timedelta(microseconds=1),
    )
    second = player("b", person, lesson.id)
    async with database.write() as session:
        assert sorted(await insert_new_rows(session, VideoAnalytics, [first, second])) == [("a",), ("b",)]
    cleaned = first | {"quality_selected": "nul\ufffd and ?"}
    assert await stored(database) == {"a": cleaned, "b": second}

    changed = {"id": "b", "spans": [[1, 2]], "last_at": START + HOUR, "device_type": None, "position": 2.5}
    emptied = {"id": "a", "spans": None, "last_at": START - HOUR, "device_type": "phone", "position": 0.0}
    async with database.write() as session:
        await update_rows(session, VideoAnalytics, [changed, emptied, changed | {"id": "unknown"}])
    assert await stored(database) == {"a": cleaned | emptied, "b": second | changed}
    async with database.read() as session:  # NULL, as when they are written one by one
        assert await session.scalar(select(VideoAnalytics.id).where(VideoAnalytics.spans.is_(None))) == "a"


async def test_rows_that_exist_are_left_and_not_told(database: Database, world: World) -> None:
    lesson, person = await world.lesson(), (await world.person("Ada")).id
    rows = [player(name, person, lesson.id) for name in "cab"]
    async with database.write() as session:
        await insert_new_rows(session, VideoAnalytics, [rows[1] | {"position": 9.0}])
    async with database.write() as session:
        assert sorted(await insert_new_rows(session, VideoAnalytics, rows)) == [("b",), ("c",)]
        assert await insert_new_rows(session, VideoAnalytics, []) == []
    assert (await stored(database))["a"]["position"] == 9.0


async def test_a_value_computed_here_is_computed_for_each_row(database: Database) -> None:
    rows = [
        {
            "id": name,
            "email": f"{name}@example.org",
            "name": name.upper(),
            "role": "learner",
            "created_at": START,
        }
        for name in ("ada", "bob")
    ]
    async with database.write() as session:
        await insert_new_rows(session, User, rows)
    async with database.read() as session:
        keys = await session.scalars(select(User.search_key).order_by(User.id))
        assert [key.split()[0] for key in keys] == ["ada", "bob"]


async def test_columns_left_out_get_their_default(database: Database, world: World) -> None:
    people = [await world.person(name) for name in ("Ada", "Bob")]
    rows = [{"user_id": one.id, "balance": 1.5, "as_of": START} for one in people]
    async with database.write() as session:
        await insert_new_rows(session, WatchAllowance, rows)
    async with database.read() as session:
        found = (await session.scalars(select(WatchAllowance))).all()
    assert [(row.dropped, row.spare, row.as_of) for row in found] == [(0.0, None, START)] * 2


async def test_postgresql_gets_one_statement_of_the_same_text(database: Database, world: World) -> None:
    """Whatever the number of rows: it is prepared once."""
    lesson, person = await world.lesson(), (await world.person("Ada")).id
    texts: list[str] = []
    async with database.write() as session:
        engine = session.get_bind()
    if engine.dialect.name == "sqlite":
        return  # takes rows one by one
    event.listen(engine, "before_cursor_execute", lambda *given: texts.append(given[2]))
    for count in (1, 7):
        rows = [player(f"{count} {number}", person, lesson.id) for number in range(count)]
        async with database.write() as session:
            await insert_new_rows(session, VideoAnalytics, rows)
            await update_rows(session, VideoAnalytics, [row | {"last_at": later()} for row in rows])
    for verb in ("INSERT", "UPDATE"):
        assert len({text for text in texts if text.startswith(verb)}) == 1
        assert len([text for text in texts if text.startswith(verb)]) == 2


def later() -> datetime:
    return START + HOUR
