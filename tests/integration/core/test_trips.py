"""Trips of a transaction to the thread of its SQLite connection, and BEGIN, which goes with the first one."""

import sqlite3
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from storage.database import engine
from storage.database.engine import Database
from storage.database.insert import put_rows
from storage.database.tables import CalendarDay, Institution, LeaderboardCount, User
from storage.states import Timeframe


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    real: Any = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, function: Any, *values: Any, **named: Any) -> Any:
        found.append(function)
        return await real(self, function, *values, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return found


async def days(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(CalendarDay.day)))


async def test_each_statement_is_one_trip_and_begin_none(database: Database, trips: list[Any]) -> None:
    async with database.write() as session:
        await session.execute(select(Institution.id))  # connects
    trips.clear()
    async with database.write() as session:
        for _ in range(10):
            assert list(await session.scalars(select(User.id))) == []
    assert len(trips) == 12  # with the commit, and the rollback of whatever the next user might find


async def test_transaction_without_a_statement_leaves_nothing_open(
    database: Database, trips: list[Any]
) -> None:
    async with database.write() as session:
        await session.execute(select(Institution.id))
    trips.clear()
    async with database.write() as session:
        await session.connection()
    assert len(trips) <= 1
    async with database.write() as session:
        session.add(CalendarDay(day="2026-12-24"))
    assert await days(database) == ["2026-12-24"]


async def test_rows_in_parts_are_of_one_snapshot(database: Database) -> None:
    async with database.write() as session:
        session.add_all(CalendarDay(day=f"2026-12-{number}") for number in range(10, 30))
    async with database.read() as session:
        rows = await session.stream(select(CalendarDay.day).execution_options(yield_per=5))
        first = await rows.fetchmany(5)
        async with database.write() as other:
            await other.execute(delete(CalendarDay))
        assert await session.scalar(select(func.count()).select_from(CalendarDay)) == 20
        assert len(first) + len(await rows.fetchall()) == 20
    assert await days(database) == []


async def test_statement_after_a_refused_begin_is_in_a_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement outside of one would be committed by itself."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    await database.close()  # its connections wait longer
    other = sqlite3.connect(database.url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RuntimeError, match="undone"):
        async with database.write() as session:
            with pytest.raises(OperationalError, match="locked"):
                await session.execute(insert(CalendarDay).values(day="2026-12-01"))
            other.execute("ROLLBACK")
            await session.execute(insert(CalendarDay).values(day="2026-12-02"))
            raise RuntimeError("undone")
    other.close()
    assert await days(database) == []


async def test_writes_that_nobody_asks_about_go_with_the_next_statement(
    database: Database, trips: list[Any]
) -> None:
    async with database.write() as session:
        await session.execute(select(Institution.id))
    trips.clear()
    rows = [{"timeframe": Timeframe.ALL_TIME, "period": "", "xp": xp, "people": 1} for xp in (10, 20)]
    async with database.write() as session:
        await put_rows(session, LeaderboardCount, rows)
        await put_rows(session, LeaderboardCount, rows[:1], added=["people"])
        assert trips == []
        count = select(LeaderboardCount.people).order_by(LeaderboardCount.xp)
        assert list(await session.scalars(count)) == [2, 1]
        await put_rows(session, LeaderboardCount, rows, added=["people"])
    assert len(trips) == 3  # the question, the commit, and the rollback for the next user
    async with database.read() as session:
        assert list(await session.scalars(count)) == [3, 2]
    async with database.write() as session:
        await session.execute(delete(LeaderboardCount))  # nobody has that XP


async def test_write_that_fails_at_the_commit_undoes_the_transaction(database: Database) -> None:
    row = {"timeframe": Timeframe.ALL_TIME, "period": "", "xp": 10, "people": None}
    with pytest.raises(IntegrityError, match="people"):
        async with database.write() as session:
            await session.execute(insert(CalendarDay).values(day="2026-12-02"))
            await put_rows(session, LeaderboardCount, [row])
    assert await days(database) == []
    async with database.write() as session:  # the connection is as good as new
        await session.execute(insert(CalendarDay).values(day="2026-12-03"))
    assert await days(database) == ["2026-12-03"]


async def test_waiting_write_of_an_undone_transaction_is_forgotten(database: Database) -> None:
    row = {"timeframe": Timeframe.ALL_TIME, "period": "", "xp": 10, "people": 1}
    with pytest.raises(RuntimeError, match="undone"):
        async with database.write() as session:
            await put_rows(session, LeaderboardCount, [row])
            raise RuntimeError("undone")
    async with database.write() as session:
        assert await session.scalar(select(func.count()).select_from(LeaderboardCount)) == 0
