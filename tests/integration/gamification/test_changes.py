"""Changes of rules: what the dry run shows is what happens then, on both databases, killed or not."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import INFO_KEY, Event, note_activity, publish
from server.gamification.changes import preview, rules, service, tasks, viewing, writing
from server.gamification.changes.rules import (
    Change,
    Since,
    ValuesChange,
)
from server.gamification.xp import books, ledger
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import (
    LearningEvent,
    RuleChange,
    User,
)
from storage.states import ChangeScope, ChangeState, FactKind, Role, XpRule
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.changing import (
    CHANGES,
    EASY,
    NOW,
    VALUES,
    assert_as_previewed,
    expected_lines,
    ledger_lines,
    previewed,
    propose,
    standing,
)
from tests.integration.gamification.test_ledger import snapshot, some_facts
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases


@pytest.fixture
async def people(world: World, database: Database) -> Sequence[User]:
    """Six learners and an instructor who did different things."""
    random = Random(5)
    found = [await world.person(f"P{number}") for number in range(6)]
    found.append(await world.person("Teacher", role=Role.INSTRUCTOR))
    async with database.write() as session:
        session.info[INFO_KEY] = {}  # each is settled once, below
        for person in found:
            for kind, subject, minutes in some_facts(random, 16):
                at = START + timedelta(minutes=minutes)
                await publish(session, Event(kind=kind, user_id=person.id, subject=subject, at=at))
            for day in range(14):
                if random.random() < 0.7:
                    await note_activity(session, [person.id], START + timedelta(days=day))
            await ledger.settle(session, person.id)
    return found


@pytest.mark.parametrize("change", CHANGES, ids=["values", "achievement", "calendar"])
async def test_preview_is_what_happens_then(
    change: Change, people: Sequence[User], admin: Viewer, database: Database, services: Services
) -> None:
    change_id = await propose(database, admin, change)
    before, expected = await standing(database), await expected_lines(database, change)
    facts = await count_facts(database)
    assert await ledger_lines(database) != expected
    await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    assert await tasks.run(services, NOW, NOW) is not None
    assert await ledger_lines(database) == expected
    await assert_as_previewed(database, change_id, before)
    async with database.read() as session:
        view = await viewing.change(session, change_id)
        assert view.result is not None
        affected = await viewing.people(session, change_id, "1")
    told = await previewed(database, change_id)
    assert view.state == ChangeState.APPLIED
    assert (view.done, view.result.people, view.result.affected) == (len(before), len(before), len(told))
    assert view.result.xp_gained - view.result.xp_lost == sum(
        row.xp_after - row.xp_before for row in told.values()
    )
    assert sum(view.result.achievements.values()) == await count_facts(database) - facts
    sizes = [abs(one.xp_after - one.xp_before) for one in affected.people]
    assert sizes == sorted(sizes, reverse=True)
    assert affected.total == len(told) > 0


async def count_facts(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(LearningEvent)) or 0


@pytest.mark.parametrize("change", CHANGES, ids=["values", "achievement", "calendar"])
async def test_from_now_on_changes_nobody(
    change: Change, people: Sequence[User], admin: Viewer, database: Database, services: Services
) -> None:
    before = await ledger_lines(database)
    change_id = await service.propose(database, admin, change, NOW)
    await service.apply(database, change_id, "from_now", admin.id, NOW)  # without waiting for the dry run
    await tasks.run(services, NOW, NOW)
    assert await ledger_lines(database) == before
    async with database.read() as session:
        assert (await viewing.change(session, change_id)).state == ChangeState.APPLIED


@pytest.mark.parametrize("change", CHANGES, ids=["values", "achievement", "calendar"])
@pytest.mark.parametrize("scope", list(ChangeScope))
async def test_rows_make_the_rules_that_were_previewed(
    change: Change, scope: ChangeScope, admin: Viewer, database: Database
) -> None:
    since = Since(NOW, "2026-12-13") if scope == ChangeScope.FROM_NOW else None
    async with database.write() as session:
        before = await books.book(session)
        await writing.write(session, change, since, by=admin.id, now=NOW)
    async with database.read() as session:
        after = await books.book(session)
    assert rules.fingerprint(after) == rules.fingerprint(rules.changed(before, change, since))


async def test_killed_dry_run_and_settling_go_on(
    people: Sequence[User],
    admin: Viewer,
    database: Database,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preview, "BATCH", 3)
    monkeypatch.setattr(tasks, "BATCH", 2)
    whole = await propose(database, admin, VALUES)
    told = await previewed(database, whole)
    change_id = await service.propose(database, admin, VALUES, NOW)
    for _ in range(2):  # and then the server dies
        assert await preview.batch(database, change_id)
    async with database.read() as session:
        view = await viewing.change(session, change_id)
    assert (view.state, view.done) == (ChangeState.PREVIEWING, 6)
    expected = await expected_lines(database, VALUES)
    await tasks.run(services, NOW, NOW)
    again = await previewed(database, change_id)
    assert {row.user_id: (row.xp_after, row.rank_after) for row in again.values()} == {
        row.user_id: (row.xp_after, row.rank_after) for row in told.values()
    }
    await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    assert await tasks.settle_batch(database, change_id)
    assert await ledger_lines(database) != expected
    await tasks.run(services, NOW, NOW)
    assert await ledger_lines(database) == expected


async def test_applied_twice_is_applied_once(
    people: Sequence[User], admin: Viewer, database: Database, services: Services
) -> None:
    change_id = await propose(database, admin, VALUES)
    for _ in range(2):
        await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    await tasks.run(services, NOW, NOW)
    once = await snapshot(database)
    await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    await tasks.settle_everybody(database, change_id)
    assert await snapshot(database) == once
    async with database.read() as session:
        values = {one.rule: one for one in await viewing.values(session, NOW)}
    assert [one.amount for one in values[XpRule.LESSON_COMPLETED].versions] == [80, 50]


async def test_rules_that_changed_meanwhile_are_looked_at_again(
    people: Sequence[User], admin: Viewer, database: Database, services: Services
) -> None:
    first, second = await propose(database, admin, VALUES), await propose(database, admin, EASY)
    await service.apply(database, first, "from_beginning", admin.id, NOW)
    with pytest.raises(Conflict):
        await service.apply(database, second, "from_beginning", admin.id, NOW)
    await tasks.run(services, NOW, NOW)
    async with database.read() as session:
        view = await viewing.change(session, second)
    assert view.state == ChangeState.PREVIEWED
    expected = await expected_lines(database, EASY)
    await service.apply(database, second, "from_beginning", admin.id, NOW)
    await tasks.run(services, NOW, NOW)
    assert await ledger_lines(database) == expected


async def test_change_from_the_beginning_waits_for_its_dry_run(
    people: Sequence[User], admin: Viewer, database: Database
) -> None:
    change_id = await service.propose(database, admin, VALUES, NOW)
    with pytest.raises(Conflict):
        await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    await service.discard(database, change_id)
    await service.discard(database, change_id)
    with pytest.raises(NotFound):
        await service.apply(database, change_id, "from_now", admin.id, NOW)
    assert await previewed(database, change_id) == {}
    with pytest.raises(Invalid):
        await service.propose(database, admin, ValuesChange({XpRule.LESSON_COMPLETED: 50}), NOW)


async def test_facts_that_come_during_the_settling_are_paid_once(
    people: Sequence[User],
    admin: Viewer,
    database: Database,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    change_id = await propose(database, admin, VALUES)
    await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    for person in people[:3]:
        await tasks.settle_batch(database, change_id)
        async with database.write() as session:
            at = NOW - timedelta(hours=1)
            await publish(
                session, Event(kind=FactKind.LESSON_COMPLETED, user_id=person.id, subject="new", at=at)
            )
    await tasks.run(services, NOW, NOW)
    found = await snapshot(database)
    async with database.write() as session:
        for person in people:
            await ledger.settle(session, person.id)
    assert await snapshot(database) == found
    async with database.read() as session:
        row = await session.get_one(RuleChange, change_id)
    assert row.state == ChangeState.APPLIED
