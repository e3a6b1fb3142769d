"""Erasure of one person: nothing names them any more, and figures, ledgers and courses stay as they were."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.analytics.rollups.checking import verify
from server.analytics.rollups.tasks import backfill
from server.analytics.rules import Range
from server.core.errors import Conflict, NotFound
from server.core.security import digest
from server.operations.privacy.erasing import service, steps
from server.playback.tokens import scope
from storage.database.base import Base
from storage.database.engine import Database
from storage.database.tables import (
    AuditEntry,
    Course,
    CourseAnalytics,
    Erasure,
    LearningEvent,
    Payment,
    PlatformAnalytics,
    Post,
    Upload,
    User,
    UserStats,
    WatchDay,
    XpTransaction,
)
from storage.states import PostState, Role
from storage.states.privacy import AuditAction
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import HeldClock
from tests.world.biography import EMAIL, add_biography
from tests.world.builder import World
from tests.world.clock import START

# Tables that know people only through other rows, or not at all.
WITHOUT_PEOPLE = {
    *("achievements", "analytics_checks", "analytics_days", "calendar_days", "calendar_weeks"),
    *("certificate_settings", "encoding_events", "enrolment_ways", "game_settings", "hosts"),
    *("institution", "jobs", "leaderboard_counts", "lesson_files", "lesson_texts", "lessons", "notices"),
    *("object_deletions", "operator_settings", "original_removals", "platform_analytics", "quiz_answers"),
    *("quiz_versions", "quizzes", "retention_limits", "scheduled_tasks", "server_keys", "workers"),
}


async def texts(database: Database) -> dict[str, str]:
    """Everything that each table holds, as one text."""
    found = {}
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            rows = [tuple(row) for row in await session.execute(select(table))]
            found[table.name] = json.dumps(rows, default=str, ensure_ascii=False)
    return found


def traces(person_id: str) -> tuple[str, ...]:
    return person_id, "Quixotic", "quixotic", EMAIL, scope(person_id).hex(), digest(EMAIL)


async def naming(database: Database, person_id: str) -> set[str]:
    """Tables in which something of the person is found."""
    return {
        name
        for name, text in (await texts(database)).items()
        if any(trace in text for trace in traces(person_id))
    }


async def figures(database: Database) -> Any:
    async with database.read() as session:
        platform = [
            (row.day, row.people_new, row.active_people, row.active_month, row.watch_seconds)
            for row in await session.scalars(select(PlatformAnalytics).order_by(PlatformAnalytics.day))
        ]
        xp = await session.scalar(select(func.sum(XpTransaction.amount)))
        stats = await session.scalar(select(func.sum(UserStats.total_xp)))
        facts = await session.scalar(select(func.count()).select_from(LearningEvent))
        watched = await session.scalar(select(func.sum(WatchDay.seconds)))
        revenue = await session.scalar(select(func.sum(Payment.revenue)))
    return platform, xp, stats, facts, watched, revenue


@pytest.fixture
async def person(world: World) -> User:
    await world.person("Grace Hopper", role=Role.ADMINISTRATOR, password="correct horse battery")
    return await add_biography(world)


async def erase(database: Database, person_id: str) -> None:
    await service.begin(database, person_id, START, by=None)
    assert await service.run(database, person_id, START)


@on_both_databases
async def test_nothing_names_the_person_afterwards(database: Database, person: User) -> None:
    everywhere = {table.name for table in Base.metadata.sorted_tables} - WITHOUT_PEOPLE
    assert await naming(database, person.id) >= everywhere - {"erasures", "leaderboard_cache"}
    await erase(database, person.id)
    assert await naming(database, person.id) == set()


@on_both_databases
async def test_figures_and_sums_stay_and_can_be_computed_again(
    database: Database, person: User, held_clock: HeldClock
) -> None:
    before = await figures(database)
    await erase(database, person.id)
    assert await figures(database) == before
    await backfill(database, None, START + timedelta(days=2))
    assert await figures(database) == before
    day = START.date().isoformat()
    check = await verify(database, Range(day, day), held_clock)
    assert (check.days, check.found) == (1, 0)


@on_both_databases
async def test_what_was_written_with_others_stays_without_its_author(
    database: Database, person: User
) -> None:
    await erase(database, person.id)
    async with database.read() as session:
        posts = (await session.scalars(select(Post).order_by(Post.created_at, Post.id))).all()
        assert sorted((post.text, post.state) for post in posts) == [
            ("", PostState.DELETED),
            ("What is a lens?", PostState.SHOWN),
        ]
        course = (await session.scalars(select(Course))).one()
        pseudonym = (await session.scalars(select(User).where(User.erased_at.is_not(None)))).one()
        assert (course.created_by, pseudonym.name, pseudonym.password_hash) == (None, "", None)
        assert (await session.scalars(select(Upload.user_id))).all() == [pseudonym.id]
        taught = select(CourseAnalytics.taught_by).where(CourseAnalytics.day == "2026-01-05")
        assert await session.scalar(taught) == [pseudonym.id]
        log = await session.execute(select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.subject_id))
        assert {tuple(row) for row in log} >= {
            (AuditAction.MAINTENANCE_ON, pseudonym.id, None),
            (AuditAction.ERASURE_BEGUN, None, pseudonym.id),
            (AuditAction.PERSON_ERASED, None, pseudonym.id),
        }


@on_both_databases
async def test_erasure_that_died_goes_on_where_it_was(
    database: Database, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each of its transactions the process dies once."""
    before = await figures(database)
    await service.begin(database, person.id, START, by=None)
    await service.begin(database, person.id, START, by=None)
    number = 0
    while True:
        moments = iter([0.0, *[0.0] * number, 99.0, *[99.0] * 99])
        monkeypatch.setattr(service, "monotonic", lambda moments=moments: next(moments))
        if await service.run(database, person.id, START, 5.0):
            break
        async with database.read() as session:
            assert await session.get(Erasure, person.id) is not None
        number += 7
    assert await figures(database) == before
    assert await naming(database, person.id) == set()
    assert await service.run(database, person.id, START)
    with pytest.raises(NotFound):
        await service.begin(database, person.id, START, by=None)


@on_both_databases
async def test_much_data_goes_in_bounded_steps(
    database: Database, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    for module in ("steps", "special"):
        monkeypatch.setattr(f"server.operations.privacy.erasing.{module}.LOT", 1)

    def counted(step: steps.Step) -> steps.Step:
        async def one(session: Any, who: Any) -> int:
            found = await step(session, who)
            rows.append(found)
            return found

        return one

    monkeypatch.setattr(service, "STEPS", tuple(counted(step) for step in service.STEPS))
    await erase(database, person.id)
    assert max(rows) <= 2
    assert await naming(database, person.id) == set()


async def test_the_last_administrator_and_oneself_cannot_be_erased(database: Database, world: World) -> None:
    root = await world.person("Grace Hopper", role=Role.ADMINISTRATOR, password="correct horse battery")
    with pytest.raises(Conflict, match="your own account"):
        await service.begin(database, root.id, START, by=root.id)
    with pytest.raises(Conflict, match="At least one administrator"):
        await service.begin(database, root.id, START, by=None)
    async with database.read() as session:
        assert (await session.get_one(User, root.id)).disabled_at is None
