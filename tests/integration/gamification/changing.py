"""Changes of rules, and what everybody has before and after them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from server.accounts.identity import Viewer
from server.gamification.boards import ranks
from server.gamification.changes import preview, rules, service
from server.gamification.changes.rules import (
    AchievementChange,
    CalendarChange,
    Change,
    DayOff,
    ValuesChange,
)
from server.gamification.xp import books, engine, history
from server.gamification.xp.engine import Key
from storage.database.engine import Database
from storage.database.tables import (
    Achievement,
    RuleChangePerson,
    UserAchievement,
    UserStats,
    XpTransaction,
)
from storage.states import Criterion, Rarity, Timeframe, XpRule
from tests.world.clock import START

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
        book = rules.changed(await books.book(session), change)
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
