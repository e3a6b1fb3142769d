"""Signing keys: shared, rotated, and kept while a link signed with them may be valid."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from server.accounts.signing_in import sessions
from server.core import signing_keys
from storage.database.engine import Database
from storage.database.tables import UserSession
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.world.clock import START

MONTH = signing_keys.NEW_EVERY


@on_both_databases
async def test_all_processes_get_the_same_key(database: Database) -> None:
    first, *others = await asyncio.gather(
        *(signing_keys.live_keys(database, "links", START) for _ in range(8))
    )
    assert len(first) == 1
    assert len(first[0]) == 32
    assert all(other == first for other in others)
    assert await signing_keys.live_keys(database, "forms", START) != first


@on_both_databases
async def test_key_stays_valid_for_a_month_after_its_successor(database: Database) -> None:
    (oldest,) = await signing_keys.live_keys(database, "links", START)
    await signing_keys.renew(database, START + MONTH - timedelta(seconds=1))
    assert await signing_keys.live_keys(database, "links", START + MONTH) == (oldest,)
    for _ in range(2):
        await signing_keys.renew(database, START + MONTH)
    newer, kept = await signing_keys.live_keys(database, "links", START + MONTH)
    assert kept == oldest
    await signing_keys.renew(database, START + 2 * MONTH)
    newest, kept = await signing_keys.live_keys(database, "links", START + 2 * MONTH)
    assert kept == newer
    assert newest not in (newer, oldest)


async def test_expired_sessions_are_swept(
    database: Database, learner: Account, held_clock: HeldClock
) -> None:
    async def count() -> int | None:
        async with database.read() as session:
            return await session.scalar(select(func.count()).select_from(UserSession))

    held_clock.advance(hours=7)
    await sessions.sweep(database, held_clock.now())
    assert await count() == 1
    assert (await learner.browser.get("/account")).status_code == 200
    held_clock.advance(hours=9)
    await sessions.sweep(database, held_clock.now())
    assert await count() == 0
