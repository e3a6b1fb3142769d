"""A database that takes no writes: what only reads is shown, and a write is refused with 503 and kept by
nobody. Both databases; a full and a locked one, one without permission to write."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import DBAPIError

from server.accounts.signing_in import presence
from storage.database.engine import Database
from storage.database.tables import Institution, UserSession
from storage.database.trouble import Trouble, again, trouble_of
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock

Hurt = Callable[[Database], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def full(database: Database) -> AsyncIterator[None]:
    """SQLite may not grow by one page."""
    async with database.write() as session:
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))
    yield
    async with database.write() as session:
        await session.execute(text("PRAGMA max_page_count = 4294967294"))


@asynccontextmanager
async def closing_database(url: str) -> AsyncIterator[Database]:
    other = Database(url)
    yield other
    await other.close()


@asynccontextmanager
async def locked(database: Database) -> AsyncIterator[None]:
    """Another process holds the database, or the rows, longer than a writer waits."""
    if database.is_sqlite:
        async with database.write() as session:
            await session.execute(text("PRAGMA busy_timeout = 50"))
        other = sqlite3.connect(database.url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.close()
        return
    async with closing_database(database.url) as other_one, other_one.write() as session:
        await session.execute(text("LOCK TABLE sessions, courses IN SHARE MODE"))

        @event.listens_for(database._writer.sync_engine, "begin")
        def impatient(connection: object) -> None:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")  # type: ignore[attr-defined]

        yield
        event.remove(database._writer.sync_engine, "begin", impatient)


@asynccontextmanager
async def read_only(database: Database) -> AsyncIterator[None]:
    if database.is_sqlite:
        async with database.write() as session:
            await session.execute(text("PRAGMA query_only = ON"))
        yield
        await database._writer.dispose()
        return

    @event.listens_for(database._writer.sync_engine, "begin")
    def without_permission(connection: object) -> None:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")  # type: ignore[attr-defined]

    yield
    event.remove(database._writer.sync_engine, "begin", without_permission)


async def seen_at(database: Database, person: Account) -> object:
    async with database.read() as session:
        return await session.scalar(select(UserSession.last_seen_at).where(UserSession.user_id == person.id))


@on_both_databases
@pytest.mark.parametrize("hurt", [full, locked, read_only])
async def test_pages_are_shown_and_writes_are_refused(
    database: Database, learner: Account, instructor: Account, held_clock: HeldClock, hurt: Hurt
) -> None:
    if hurt is full and not database.is_sqlite:
        return  # PostgreSQL answers with SQLSTATE 53100, of `test_causes_are_told_apart`
    assert (await learner.browser.get("/dashboard")).status_code == 200  # makes the key that signs its links
    assert (await instructor.browser.get("/teach")).status_code == 200
    before = await seen_at(database, learner)
    held_clock.advance(minutes=2)
    text_of = {"title": "Optics", "description": "long " * 700}
    async with hurt(database):
        for _ in range(2):
            assert (await learner.browser.get("/dashboard")).status_code == 200
            assert (await learner.api.get("/api/courses")).status_code == 200
        for _ in range(60 if hurt is full else 1):  # until the free pages are used
            refused = await instructor.api.post("/api/courses", json=text_of)
            if refused.status_code != 201:
                break
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
        page = await instructor.browser.post("/teach", data=text_of)
        assert page.status_code == 503
        assert "reference" not in refused.json()
    assert (await instructor.api.post("/api/courses", json=text_of)).status_code == 201
    assert await seen_at(database, learner) == before or hurt is full  # a small note may still fit
    held_clock.advance(minutes=2)
    app_presence = learner.browser._transport.app.state["presence"]  # type: ignore[attr-defined]
    app_presence._not_before = 0.0
    assert (await learner.browser.get("/dashboard")).status_code == 200
    assert await seen_at(database, learner) == held_clock.now()


async def test_a_lock_delays_a_page_once_and_no_longer_than_its_patience(
    database: Database, learner: Account, held_clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PATIENCE", 0.05)
    assert (await learner.browser.get("/dashboard")).status_code == 200
    held_clock.advance(minutes=2)
    async with database.write() as session:  # the only writer: a note waits for its connection
        await session.execute(update(Institution).values(day_start_hour=0))
        for _ in range(3):
            assert (await learner.browser.get("/dashboard")).status_code == 200
    assert (await learner.browser.get("/dashboard")).status_code == 200


def error_of(**fields: object) -> DBAPIError:
    original = type("DriverError", (Exception,), fields)("no")
    return DBAPIError("UPDATE", {}, original)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sqlstate": "40P01"}, Trouble.UNDONE),
        ({"sqlstate": "55P03"}, Trouble.BUSY),
        ({"sqlstate": "53100"}, Trouble.FULL),
        ({"sqlstate": "53300"}, Trouble.AWAY),
        ({"sqlstate": "57P01"}, Trouble.AWAY),
        ({"sqlstate": "25006"}, Trouble.READ_ONLY),
        ({"sqlstate": "23505"}, None),
        ({"sqlite_errorcode": 5 | 2 << 8}, Trouble.BUSY),
        ({"sqlite_errorcode": 13}, Trouble.FULL),
        ({"sqlite_errorcode": 10 | 3 << 8}, Trouble.AWAY),
        ({"sqlite_errorcode": 11}, None),  # damaged: trying again does not help
        ({"sqlite_errorcode": 19}, None),
    ],
)
def test_causes_are_told_apart(fields: dict[str, object], expected: Trouble | None) -> None:
    assert trouble_of(error_of(**fields)) is expected


async def test_what_others_have_undone_is_tried_again() -> None:
    calls = 0

    @again
    async def succeeds_at(number: int, state: str) -> str:
        nonlocal calls
        calls += 1
        if calls < number:
            raise error_of(sqlstate=state)
        return "done"

    assert await succeeds_at(4, "40P01") == "done"
    calls = 0
    with pytest.raises(DBAPIError):
        await succeeds_at(5, "40001")
    assert calls == 4
    calls = 0
    with pytest.raises(DBAPIError):
        await succeeds_at(2, "23505")
    assert calls == 1
