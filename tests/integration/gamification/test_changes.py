"""Changes of rules: what the dry run shows is what happens then, on both databases, killed or not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

import msgspec
import pytest
from sqlalchemy import func, select

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import Event, note_activity, publish
from server.gamification.boards import ranks
from server.gamification.changes import preview, rules, service, tasks, viewing, writing
from server.gamification.changes.rules import (
    AchievementChange,
    CalendarChange,
    Change,
    DayOff,
    Since,
    ValuesChange,
)
from server.gamification.xp import engine, history, ledger
from server.gamification.xp.engine import Key
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import (
    Achievement,
    LearningEvent,
    RuleChange,
    RuleChangePerson,
    User,
    UserAchievement,
    UserStats,
    XpTransaction,
)
from storage.objects.store import ObjectStore
from storage.states import ChangeScope, ChangeState, Criterion, FactKind, Rarity, Role, Timeframe, XpRule
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.integration.gamification.test_ledger import say, snapshot, some_facts
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases

NOW = START + timedelta(days=20)
VALUES = ValuesChange({XpRule.LESSON_COMPLETED: 80, XpRule.QUIZ_PASSED: 10, XpRule.DAILY_STREAK: 5})
EASY = AchievementChange(
    id="easy",
    name="Easy",
    description="",
    rarity=Rarity.COMMON,
    criterion=Criterion.LESSONS,
    threshold=2,
    points=333,
)
HOLIDAYS = CalendarChange(
    add=tuple(DayOff(f"2026-11-{day}", "Holiday") for day in (23, 24, 26)), weekdays="6"
)
CHANGES = (VALUES, EASY, HOLIDAYS)


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


@pytest.fixture
async def admin(world: World) -> Viewer:
    person = await world.person("Grace", role=Role.ADMINISTRATOR)
    return Viewer(id=person.id, email=person.email, name=person.name, role=Role.ADMINISTRATOR)


@pytest.fixture
async def people(world: World, database: Database) -> Sequence[User]:
    """Eleven learners and an instructor who did different things; some days are not paid yet."""
    random = Random(5)
    found = [await world.person(f"P{number}") for number in range(11)]
    found.append(await world.person("Teacher", role=Role.INSTRUCTOR))
    for person in found:
        for kind, subject, minutes in some_facts(random, 12):
            await say(database, person.id, kind, subject, minutes)
        async with database.write() as session:
            for day in range(14):
                if random.random() < 0.7:
                    await note_activity(session, [person.id], START + timedelta(days=day))
            await ledger.settle(session, person.id)
    return found


async def propose(database: Database, admin: Viewer, change: Change) -> str:
    change_id = await service.propose(database, admin, change, NOW)
    await preview.run(database, change_id, NOW)
    return change_id


async def previewed(database: Database, change_id: str) -> Mapping[str, RuleChangePerson]:
    async with database.read() as session:
        rows = await session.scalars(select(RuleChangePerson).where(RuleChangePerson.change_id == change_id))
        return {row.user_id: row for row in rows}


async def expected_lines(database: Database, change: Change) -> Mapping[str, Mapping[Key, int]]:
    """Ledger of everybody after a change from the beginning, as the engine says it."""
    async with database.read() as session:
        book = rules.changed(await history.book(session), change)
        people = list(await session.scalars(select(UserStats.user_id)))
        known = await history.histories(session, people)
    return {
        user_id: {
            key: due.amount for key, due in engine.settle(known[user_id], book).dues.items() if due.amount
        }
        for user_id in people
    }


async def ledger_lines(database: Database) -> Mapping[str, Mapping[Key, int]]:
    found: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
    async with database.read() as session:
        for row in await session.scalars(select(XpTransaction)):
            found[row.user_id][Key(row.rule, row.subject.partition("#")[0])] += row.amount
    return {user: {key: amount for key, amount in sums.items() if amount} for user, sums in found.items()}


async def assert_as_previewed(
    database: Database, change_id: str, before: Mapping[str, tuple[int, int | None]]
) -> None:
    """Each person's XP, level, achievements and place, and everybody who is not in the list as before."""
    told = await previewed(database, change_id)
    async with database.read() as session:
        names = [row.name for row in await session.scalars(select(Achievement))]
        assert names
        for stats in await session.scalars(select(UserStats)):
            place = await ranks.rank(session, Timeframe.ALL_TIME, "", stats.user_id)
            row = told.get(stats.user_id)
            if row is None:
                assert stats.total_xp == before[stats.user_id][0]
                continue
            assert (row.xp_before, row.rank_before) == before[stats.user_id]
            assert (row.xp_after, row.level_after, row.streak_after, row.rank_after) == (
                stats.total_xp,
                stats.level,
                stats.longest_streak,
                place,
            )
            held = set(
                await session.scalars(
                    select(UserAchievement.achievement_id).where(UserAchievement.user_id == stats.user_id)
                )
            )
            assert set(row.unlocked) <= held


async def standing(database: Database) -> dict[str, tuple[int, int | None]]:
    async with database.read() as session:
        return {
            stats.user_id: (
                stats.total_xp,
                await ranks.rank(session, Timeframe.ALL_TIME, "", stats.user_id),
            )
            for stats in list(await session.scalars(select(UserStats)))
        }


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
        before = await history.book(session)
        await writing.write(session, change, since, by=admin.id, now=NOW)
    async with database.read() as session:
        after = await history.book(session)
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


async def test_new_achievement_is_for_those_who_qualify_or_for_later_ones(
    world: World, admin: Viewer, database: Database, services: Services
) -> None:
    early, late = await world.person("Early"), await world.person("Late")
    for lesson in "ab":
        await say(database, early.id, FactKind.LESSON_COMPLETED, lesson)
    await service.apply_at_once(database, admin, EASY, "from_now", START + timedelta(hours=1))
    await tasks.run(services, NOW, NOW)
    for lesson in "ab":
        await say(database, late.id, FactKind.LESSON_COMPLETED, lesson, 120)
    await say(database, early.id, FactKind.LESSON_COMPLETED, "c", 120)
    assert await holders(database, "easy") == {late.id}
    other = msgspec.structs.replace(EASY, id="other", threshold=3)
    change_id = await propose(database, admin, other)
    told = await previewed(database, change_id)
    assert {user: row.unlocked for user, row in told.items()} == {early.id: ["other"]}
    await service.apply(database, change_id, "from_beginning", admin.id, NOW)
    await tasks.run(services, NOW, NOW)
    assert await holders(database, "other") == {early.id}


async def holders(database: Database, achievement_id: str) -> set[str]:
    async with database.read() as session:
        chosen = select(UserAchievement.user_id).where(UserAchievement.achievement_id == achievement_id)
        return set(await session.scalars(chosen))


async def test_retired_one_is_kept_and_seeding_puts_missing_ones_back(
    world: World, admin: Viewer, database: Database, services: Services
) -> None:
    ada, bob = await world.person("Ada"), await world.person("Bob")
    await say(database, ada.id, FactKind.LESSON_COMPLETED, "a")
    for _ in range(2):
        await service.retire(database, "first_steps", NOW)
    await say(database, bob.id, FactKind.LESSON_COMPLETED, "a")
    assert await holders(database, "first_steps") == {ada.id}
    assert await service.seed(database, NOW) == []
    async with database.write() as session:
        await session.delete(await session.get_one(Achievement, "level_25"))
    assert await service.seed(database, NOW) == ["level_25"]
    assert await service.seed(database, NOW) == []


async def test_day_that_arrives_late_takes_the_freeze_back_by_a_line(
    world: World, database: Database
) -> None:
    """A freeze of seven weekdays covers a Wednesday, which then turns out to be learned."""
    ada = await world.person("Ada")
    wednesday = 9
    await learn(database, ada.id, (0, 1, 2, 3, 4, 7, 8, 10))
    used, earned = "2026-12-02", "2026-12-01"
    held = [(XpRule.FREEZE_EARNED, earned, "earned"), (XpRule.FREEZE_USED, used, "earned")]
    assert await told(database, ada.id) == held
    before = await standing(database)
    await learn(database, ada.id, (wednesday,))
    await learn(database, ada.id, ())
    assert await told(database, ada.id) == [*held, (XpRule.FREEZE_USED, f"{used}#1", "taken_back")]
    assert (await standing(database))[ada.id][0] == before[ada.id][0] + 20


async def test_day_that_arrives_late_moves_the_day_on_which_a_freeze_is_earned(
    world: World, database: Database
) -> None:
    """Without the first Friday the seventh day comes a week later."""
    ada = await world.person("Ada")
    await learn(database, ada.id, (0, 1, 2, 3, 7, 8, 9, 10, 11, 14, 15, 16))
    assert await told(database, ada.id) == [(XpRule.FREEZE_EARNED, "2026-12-08", "earned")]
    await learn(database, ada.id, (4,))
    assert await told(database, ada.id) == [
        (XpRule.FREEZE_EARNED, "2026-12-08", "earned"),
        (XpRule.FREEZE_EARNED, "2026-12-01", "earned"),
        (XpRule.FREEZE_EARNED, "2026-12-08#1", "taken_back"),
    ]


async def learn(database: Database, user_id: str, days: Sequence[int]) -> None:
    """On days counted from the Monday after START."""
    async with database.write() as session:
        for day in days:
            await note_activity(session, [user_id], START + timedelta(days=day + 1))
        await ledger.settle(session, user_id)


async def told(database: Database, user_id: str) -> list[tuple[XpRule, str, str]]:
    """Lines of freezes, in their order."""
    freezes = XpTransaction.rule.in_((XpRule.FREEZE_EARNED, XpRule.FREEZE_USED))
    async with database.read() as session:
        rows = await session.scalars(
            select(XpTransaction).where(XpTransaction.user_id == user_id, freezes).order_by(XpTransaction.id)
        )
        return [(row.rule, row.subject, str(row.reason)) for row in rows]


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
    for person in people[:6]:
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
