"""Retention: what has reached its limit goes in steps, and nothing that XP, completions or figures need."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.analytics.rollups.tasks import backfill
from server.gamification.xp import ledger
from server.gamification.xp.engine import KINDS
from server.operations.privacy import retention, rules
from storage.database.engine import Database
from storage.database.tables import (
    AnalyticsDay,
    AuditEntry,
    Certificate,
    LearningEvent,
    PlatformAnalytics,
    User,
    VideoAnalytics,
    WatchCoverage,
    WatchDay,
    XpTransaction,
)
from storage.states import FactKind
from storage.states.privacy import AuditAction, RetentionKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import HeldClock, MakeAccount
from tests.world.biography import add_biography
from tests.world.builder import World
from tests.world.clock import START

LATER = START + timedelta(days=100)
KEPT = (XpTransaction, Certificate, WatchCoverage)
ALL_KINDS = dict.fromkeys(RetentionKind, 3)


async def counted(database: Database, *tables: Any) -> list[int]:
    async with database.read() as session:
        return [await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


async def figures(database: Database) -> list[Any]:
    async with database.read() as session:
        rows = await session.scalars(select(PlatformAnalytics).order_by(PlatformAnalytics.day))
        return [(row.day, row.watch_seconds, row.active_people, row.quizzes_submitted) for row in rows]


@pytest.fixture
async def person(world: World) -> User:
    return await add_biography(world)


def test_what_xp_is_made_from_is_never_deleted() -> None:
    assert not set(rules.DELETABLE) & set(KINDS)


@on_both_databases
async def test_nothing_goes_without_a_limit(database: Database, person: User) -> None:
    before = await counted(database, LearningEvent, VideoAnalytics, WatchDay, AuditEntry)
    assert await retention.apply(database, LATER) == {}
    assert await counted(database, LearningEvent, VideoAnalytics, WatchDay, AuditEntry) == before


@on_both_databases
async def test_old_data_goes_and_figures_sums_and_certificates_stay(
    database: Database, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOT", 1)
    before, sums = await figures(database), await counted(database, *KEPT)
    await retention.save(database, ALL_KINDS, LATER, by=person.id)
    async with database.read() as session:
        wanted = await retention.reached(session, ALL_KINDS, LATER)
    gone = await retention.apply(database, LATER)
    assert all(gone[kind] == wanted[kind] > 0 for kind in (RetentionKind.SESSIONS, RetentionKind.AUDIT))
    assert await counted(database, VideoAnalytics, WatchDay) == [0, 0]
    assert await counted(database, *KEPT) == sums
    async with database.write() as session:
        await ledger.settle(session, person.id)
    assert await counted(database, *KEPT) == sums
    await backfill(database, None, LATER)
    assert (await figures(database))[: len(before)] == before
    async with database.read() as session:
        assert await session.scalar(select(AnalyticsDay.sealed_at).where(AnalyticsDay.day == before[0][0]))
        kinds = set(await session.scalars(select(LearningEvent.kind)))
    assert FactKind.LESSON_COMPLETED in kinds
    assert not kinds & set(rules.DELETABLE)
    assert await retention.apply(database, LATER) == dict.fromkeys(RetentionKind, 0)
    actions = [row.action for row in await entries(database)]
    assert actions == [AuditAction.RETENTION_CHANGED] * 4 + [AuditAction.RETENTION_APPLIED]


async def entries(database: Database) -> list[AuditEntry]:
    async with database.read() as session:
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


async def test_days_that_were_never_computed_are_computed_before_their_facts_go(
    database: Database, person: User
) -> None:
    before = await figures(database)
    async with database.write() as session:
        for table in (PlatformAnalytics, AnalyticsDay):
            for row in await session.scalars(select(table)):
                await session.delete(row)
    await retention.save(database, ALL_KINDS, LATER, by=None)
    await retention.apply(database, LATER)
    assert [row for row in await figures(database) if row[1]] == [row for row in before if row[1]]


async def test_younger_data_stays(database: Database, person: User) -> None:
    await retention.save(database, ALL_KINDS, START, by=None)
    assert await retention.apply(database, START + timedelta(days=80)) == dict.fromkeys(RetentionKind, 0)


async def test_page_says_what_would_go_before_it_saves(
    database: Database, person: User, make_account: MakeAccount, held_clock: HeldClock
) -> None:
    held_clock.advance(days=100)
    root = await make_account("administrator", "root@example.edu", "Grace Hopper")
    asked = await root.browser.post("/admin/retention", data={"sessions": "1", "facts": ""})
    assert "This would be deleted tonight" in asked.text
    assert await limits(database) == {}
    wrong = await root.browser.post("/admin/retention", data={"sessions": "soon"})
    assert (wrong.status_code, await limits(database)) == (422, {})
    saved = await root.browser.post("/admin/retention", data={"sessions": "1", "confirmed": "yes"})
    assert (saved.status_code, await limits(database)) == (303, {RetentionKind.SESSIONS: 1})


async def limits(database: Database) -> dict[RetentionKind, int]:
    async with database.read() as session:
        return await retention.limits(session)
