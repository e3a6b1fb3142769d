"""Database engine on both databases: the migrated schema matches the tables, and no write is lost."""

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from storage.database import SQLITE_VERSION, engine, migrations
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.sqlite import is_safe
from storage.database.tables import Course, Institution, Lesson, User, Video
from tests.fixtures.database import on_both_databases
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.powercut import Disk
from tests.world.clock import START

ROOT = Path(__file__).parents[3]
INCREMENT_SCRIPT = """
import asyncio, sys
from sqlalchemy import update
from storage.database.engine import Database
from storage.database.tables import Institution

async def main():
    database = Database(sys.argv[1])
    for _ in range(200):
        async with database.write() as session:
            await session.execute(update(Institution).values(day_start_hour=Institution.day_start_hour + 1))
    await database.close()

asyncio.run(main())
"""


def test_sqlite_in_use_has_the_wal_fix() -> None:
    major, minor, patch = (int(part) for part in SQLITE_VERSION.split("."))
    assert is_safe((major, minor, patch))


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 3), True)],
)
def test_sqlite_versions_with_the_wal_fix(version: tuple[int, int, int], safe: bool) -> None:
    assert is_safe(version) is safe


async def test_migrated_empty_database_matches_the_tables(empty_database: Database) -> None:
    assert await migrations.schema(empty_database) is not migrations.Schema.CURRENT
    await migrations.upgrade(empty_database)
    await migrations.upgrade(empty_database)  # a second time changes nothing
    assert await migrations.schema(empty_database) is migrations.Schema.CURRENT
    assert await migrations.differences(empty_database) == []


async def test_concurrent_upgrades_migrate_once(empty_database: Database) -> None:
    machines = [Database(empty_database.url) for _ in range(4)]
    await asyncio.gather(*(migrations.upgrade(machine) for machine in machines))
    assert await migrations.differences(empty_database) == []
    for machine in machines:
        await machine.close()


async def test_new_sqlite_file_accepts_concurrent_first_connections(tmp_path: Path) -> None:
    for number in range(40):  # without the retry, one first start in twenty failed with SQLITE_BUSY
        databases = [Database(f"sqlite+aiosqlite:///{tmp_path}/{number}.db") for _ in range(8)]
        await asyncio.gather(*(_check_wal(opened) for opened in databases * 2))
        for opened in databases:
            await opened.close()


async def _check_wal(database: Database) -> None:
    async with database.read() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_schema_difference_is_reported(empty_database: Database) -> None:
    await migrations.upgrade(empty_database)
    async with empty_database.altering() as connection:
        await connection.execute(text("ALTER TABLE users DROP COLUMN name"))
        await connection.execute(text("CREATE TABLE forgotten (id INTEGER)"))
    assert len(await migrations.differences(empty_database)) == 2


async def test_failed_migration_is_rolled_back(empty_database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with empty_database.altering() as connection:
            await connection.execute(text("CREATE TABLE half (id INTEGER)"))
            raise RuntimeError("stop")
    async with empty_database.read() as session:
        tables = await session.run_sync(lambda s: inspect(s.connection()).get_table_names())
    assert tables == []


@on_both_databases
async def test_recreated_table_keeps_its_dependent_rows(database: Database) -> None:
    """SQLite drops the old table in between, which must not delete the dependent rows."""
    course_id, lesson_id = await add_course(database)

    def recreate(connection: Connection) -> None:
        operations = Operations(MigrationContext.configure(connection, opts={"transactional_ddl": False}))
        with operations.batch_alter_table("courses", recreate="auto") as courses:
            courses.alter_column("title", nullable=True)

    async with database.altering() as connection:
        await connection.run_sync(recreate)
    async with database.read() as session:
        assert await session.get(Course, course_id)
        assert await session.get(Lesson, lesson_id)


async def test_schema_change_with_orphaned_rows_is_refused(database: Database) -> None:
    _, lesson_id = await add_course(database)
    with pytest.raises(RuntimeError, match="broken foreign keys"):
        async with database.altering() as connection:
            await connection.execute(text("DELETE FROM courses"))
    async with database.read() as session:
        assert await session.get(Lesson, lesson_id)


@on_both_databases
async def test_concurrent_increments_from_two_engines_are_not_lost(database: Database) -> None:
    other = Database(database.url)
    async with database.write() as session:
        session.add(Institution(id=1, name="x", day_start_hour=0))

    async def add(target: Database) -> None:
        async with target.write() as session:
            await session.execute(update(Institution).values(day_start_hour=Institution.day_start_hour + 1))

    await asyncio.gather(*(add(target) for target in (database, other) for _ in range(50)))
    await other.close()
    async with database.read() as session:
        assert await session.scalar(select(Institution.day_start_hour)) == 100


async def test_concurrent_processes_lose_no_write_and_see_no_lock_error(database: Database) -> None:
    async with database.write() as session:
        session.add(Institution(id=1, name="x", day_start_hour=0))
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", INCREMENT_SCRIPT, database.url, cwd=ROOT)
        for _ in range(3)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    async with database.read() as session:
        assert await session.scalar(select(Institution.day_start_hour)) == 3 * 200


@on_both_databases
async def test_failed_write_is_rolled_back(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with database.write() as session:
            session.add(User(email="a@b.c", name="A", role="learner", created_at=START))
            await session.flush()
            raise RuntimeError("stop")
    async with database.read() as session:
        assert (await session.scalars(select(User))).all() == []


@on_both_databases
async def test_readers_cannot_write_and_datetimes_keep_their_zone(database: Database) -> None:
    moment = datetime(2026, 11, 22, 21, 0, tzinfo=timezone(timedelta(hours=1)))
    async with database.write() as session:
        session.add(User(email="a@b.c", name="A", role="learner", created_at=moment))
    async with database.read() as session:
        read = await session.scalar(select(User.created_at))
        assert read == moment
        assert read.utcoffset() == timedelta(0)
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await session.execute(text("DELETE FROM users"))
    with pytest.raises(StatementError, match="needs a time zone"):
        async with database.write() as session:
            session.add(User(email="b@b.c", name="A", role="learner", created_at=moment.replace(tzinfo=None)))


@on_both_databases
async def test_reader_sees_one_snapshot(database: Database) -> None:
    async with database.read() as session:
        assert (await session.scalars(select(User))).all() == []
        async with database.write() as writing:
            writing.add(User(email="a@b.c", name="A", role="learner", created_at=START))
        assert (await session.scalars(select(User))).all() == []
    async with database.read() as session:
        assert len((await session.scalars(select(User))).all()) == 1


@on_both_databases
async def test_concurrent_inserts_of_one_key_add_one_row(database: Database) -> None:
    async def add(number: int) -> bool:
        async with database.write() as session:
            return await insert_new(
                session,
                User,
                ("email",),
                id=f"{number}",
                email="a@b.c",
                name="A",
                role="learner",
                created_at=START,
            )

    assert sorted(await asyncio.gather(*(add(number) for number in range(12)))) == [False] * 11 + [True]


@on_both_databases
@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\U0001f600 é\r\n", "x" * 10_000])
async def test_any_text_can_be_stored_and_queried(database: Database, text: str) -> None:
    async with database.write() as session:
        session.add(User(email=text, name=text, role="learner", created_at=START))
    async with database.read() as session:
        found = await session.scalar(select(User).where(User.email == text, User.name.contains(text)))
        assert found
        assert len(found.name) == len(text)


@on_both_databases
async def test_none_in_a_json_column_is_sql_null(database: Database) -> None:
    """JSON `null` would count as a result."""
    _, lesson_id = await add_course(database)
    async with database.write() as session:
        video = Video(
            id="v", lesson_id=lesson_id, source_key="k", created_at=START, plan={"a": [1, None, "ü"]}
        )
        session.add(video)
    async with database.write() as session:
        assert (await session.get_one(Video, "v")).plan == {"a": [1, None, "ü"]}
        await session.execute(update(Video).values(plan=None))
    async with database.read() as session:
        assert await session.scalar(select(Video.id).where(Video.plan.is_(None))) == "v"


async def test_synced_commits_survive_a_power_cut(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(database, tmp_path / "disk", monkeypatch)
    await database.sync()  # nothing was written yet, so there is no WAL
    course_id, lesson_id = await add_course(database)
    async with disk.after_a_power_cut() as left, left.read() as session:
        assert await session.get(Course, course_id) is None
    await database.sync()
    async with database.write() as session:
        await session.delete(await session.get_one(Lesson, lesson_id))
    async with disk.after_a_power_cut() as left, left.read() as session:
        assert await session.get(Lesson, lesson_id)


async def test_hanging_postgresql_statement_times_out(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STATEMENT_SECONDS", 0.5)
    database = Database(await postgres_server.new_database())
    async with asyncio.timeout(30):
        async with database.read() as session:
            server = await session.scalar(text("SELECT pg_backend_pid()"))
            os.kill(server, signal.SIGSTOP)
            try:
                with pytest.raises(TimeoutError):
                    await session.execute(text("SELECT 1"))
                await session.close()
            finally:
                os.kill(server, signal.SIGCONT)
        async with database.read() as session:  # on a new connection
            assert await session.scalar(text("SELECT 1")) == 1
        async with database.altering() as connection:  # a migration has no timeout
            await connection.execute(text("SELECT pg_sleep(1)"))
    await database.close()


async def add_course(database: Database) -> tuple[str, str]:
    course, lesson = new_id(), new_id()
    async with database.write() as session:
        session.add(Course(id=course, title="Optics", created_at=START, updated_at=START))
        await session.flush()
        session.add(
            Lesson(id=lesson, course_id=course, title="L", position=0, created_at=START, updated_at=START)
        )
    return course, lesson
