"""Dry run of a change from the beginning: what it would give and take. Steps and use cases.

It goes through everybody in batches, each in a short transaction with the cursor that the next one starts
from: a server that is killed goes on where it was, and people who learn meanwhile wait for nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.changes import rules, service
from server.gamification.changes.schemas import Result
from server.gamification.xp import books, engine, history
from server.gamification.xp.engine import Book, Outcome
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.tables import (
    LeaderboardCount,
    LeaderboardRow,
    RuleChange,
    RuleChangePerson,
    User,
    UserStats,
)
from storage.states import ChangeState, Criterion, Role, Timeframe

BATCH = 50  # people whose histories are in memory
ROWS = 500  # of people who change, read at a time


class Subject(NamedTuple):
    user_id: str
    ranks: bool  # learners who may sign in have a place on boards
    board: int | None  # XP on the all-time board


async def run(database: Database, change_id: str, now: datetime) -> None:
    """Use case: go on with a dry run until it is complete. Nothing if it is, or if its draft is gone."""
    while await batch(database, change_id):
        pass
    await complete(database, change_id, now)


async def batch(database: Database, change_id: str) -> bool:
    """Use case: look at the next people; False when all are done. Safe to run twice at once."""
    async with database.read() as session:
        row = await session.get(RuleChange, change_id)
        if row is None or row.state != ChangeState.PREVIEWING:
            return False
        book = await books.book(session)
        people = await _next_people(session, row.cursor)
        histories = await history.histories(session, [one.user_id for one in people])
    if rules.fingerprint(book) != row.base:
        return await _restart(database, change_id)
    if not people:
        return False
    after = rules.changed(book, rules.read(row.change))
    found = [line for one in people if (line := await _compare(one, histories, book, after))]
    async with database.write() as session:
        moved = await session.scalar(
            update(RuleChange)
            .where(
                RuleChange.id == change_id,
                RuleChange.state == ChangeState.PREVIEWING,
                RuleChange.cursor == row.cursor,
                RuleChange.base == row.base,
            )
            .values(cursor=people[-1].user_id, done=RuleChange.done + len(people))
            .returning(RuleChange.id)
        )
        if moved:
            await insert_new_rows(
                session, RuleChangePerson, [{"change_id": change_id, **one} for one in found]
            )
    return True


async def _restart(database: Database, change_id: str) -> bool:
    async with database.write() as session:
        row = await session.get(RuleChange, change_id, with_for_update=True)
        if row is not None and row.state == ChangeState.PREVIEWING:
            await service.restart_if_stale(session, row)
    return True


async def _next_people(session: AsyncSession, cursor: str) -> list[Subject]:
    place = (LeaderboardRow.user_id == UserStats.user_id) & (
        (LeaderboardRow.timeframe == Timeframe.ALL_TIME) & (LeaderboardRow.period == "")
    )
    found = await session.execute(
        select(UserStats.user_id, User.role, User.disabled_at, LeaderboardRow.xp)
        .join(User, User.id == UserStats.user_id)
        .outerjoin(LeaderboardRow, place)
        .where(UserStats.user_id > cursor, User.erased_at.is_(None))
        .order_by(UserStats.user_id)
        .limit(BATCH)
    )
    return [
        Subject(user_id, role == Role.LEARNER and disabled_at is None, xp)
        for user_id, role, disabled_at, xp in found
    ]


async def _compare(
    one: Subject, histories: Mapping[str, engine.History], book: Book, after: Book
) -> dict[str, Any] | None:
    """Row of a person, or None if nothing of theirs changes. Gives others their turn first."""
    await asyncio.sleep(0)
    known = histories[one.user_id]
    old, new = engine.settle(known, book), engine.settle(known, after)
    if _shown(old) == _shown(new):
        return None
    return {
        "user_id": one.user_id,
        "xp_before": old.total,
        "xp_after": new.total,
        "size": abs(new.total - old.total),
        "level_before": old.counts[Criterion.LEVEL],
        "level_after": new.counts[Criterion.LEVEL],
        "streak_before": old.streak.longest,
        "streak_after": new.streak.longest,
        "unlocked": [award for award in new.unlocked if award not in old.unlocked],
        "ranks": one.ranks,
        "board_before": one.board,
        "rank_before": None,
        "rank_after": None,
    }


def _shown(outcome: Outcome) -> tuple[object, ...]:
    """What a person would notice: every line of the ledger, and the streak."""
    lines = {key: due.amount for key, due in outcome.dues.items()}
    return lines, outcome.streak.longest, outcome.streak.current, outcome.streak.freezes


class Places:
    """Standard competition ranks of a board, from how many people have which XP."""

    def __init__(self, people: Mapping[int, int]) -> None:
        scores = sorted((xp for xp, count in people.items() if count > 0), reverse=True)
        counts = [people[xp] for xp in scores]
        above = accumulate(counts, initial=1)
        self._ranks = dict(zip(scores, above, strict=False))

    def rank(self, xp: int | None) -> int | None:
        return self._ranks.get(xp) if xp else None


async def complete(database: Database, change_id: str, now: datetime) -> None:
    """Use case: places and numbers, when everybody was looked at. Safe to run twice."""
    async with database.read() as session:
        row = await session.get(RuleChange, change_id)
        if row is None or row.state != ChangeState.PREVIEWING:
            return
        columns = RuleChangePerson.board_before, RuleChangePerson.xp_after
        chosen = (RuleChangePerson.change_id == change_id) & RuleChangePerson.ranks
        moved = (await session.execute(select(*columns).where(chosen))).all()
        board = select(LeaderboardCount.xp, LeaderboardCount.people).filter_by(
            timeframe=Timeframe.ALL_TIME, period=""
        )
        before = Counter({row.xp: row.people for row in await session.execute(board)})
    after = Counter(before)
    after.subtract([xp for xp, _ in moved if xp])
    stay = Counter(after)
    after.update([xp for _, xp in moved if xp])
    old, new = Places(before), Places(after)
    totals = Totals(people=row.done)
    totals.moved_by_others = sum(
        count for xp, count in stay.items() if count > 0 and old.rank(xp) != new.rank(xp)
    )
    await _save_places(database, change_id, old, new, totals)
    async with database.write() as session:
        await session.execute(
            update(RuleChange)
            .where(
                RuleChange.id == change_id,
                RuleChange.state == ChangeState.PREVIEWING,
                RuleChange.cursor == row.cursor,
                RuleChange.base == row.base,
            )
            .values(state=ChangeState.PREVIEWED, previewed_at=now, result=totals.result())
        )


class Totals(msgspec.Struct, kw_only=True):
    """Numbers of a result while they are counted."""

    people: int
    moved_by_others: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    achievements: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, person: RuleChangePerson, rank_before: int | None, rank_after: int | None) -> None:
        gain = person.xp_after - person.xp_before
        levels = person.level_after - person.level_before
        places = _steps_up(rank_before, rank_after)
        self.counts.update(
            affected=1,
            gaining=gain > 0,
            losing=gain < 0,
            xp_gained=max(0, gain),
            xp_lost=max(0, -gain),
            levels_up=levels > 0,
            levels_down=levels < 0,
            places_up=places > 0,
            places_down=places < 0,
        )
        self.achievements.update(person.unlocked)

    def result(self) -> dict[str, Any]:
        names = set(Result.__struct_fields__) - {"people", "moved_by_others", "achievements"}
        counted = {name: int(self.counts[name]) for name in names}
        found = Result(
            people=self.people,
            moved_by_others=self.moved_by_others,
            achievements=dict(self.achievements),
            **counted,
        )
        stored: dict[str, Any] = msgspec.to_builtins(found)
        return stored


def _steps_up(before: int | None, after: int | None) -> int:
    """Places won; a person who was not on the board, or is no longer, wins or loses at least one."""
    if before is None or after is None:
        return (after is not None) - (before is not None)
    return before - after


async def _save_places(database: Database, change_id: str, old: Places, new: Places, totals: Totals) -> None:
    cursor = ""
    while rows := await _rows(database, change_id, cursor):
        places = []
        for row in rows:
            before = old.rank(row.board_before) if row.ranks else None
            after = new.rank(row.xp_after) if row.ranks else None
            totals.add(row, before, after)
            places.append({"of": change_id, "who": row.user_id, "old": before, "new": after})
        cursor = rows[-1].user_id
        async with database.write() as session:
            connection = await session.connection()
            table = RuleChangePerson
            statement = (
                update(table.__table__)  # type: ignore[arg-type]
                .where(table.change_id == bindparam("of"), table.user_id == bindparam("who"))
                .values(rank_before=bindparam("old"), rank_after=bindparam("new"))
            )
            await connection.execute(statement, places)


async def _rows(database: Database, change_id: str, cursor: str) -> Sequence[RuleChangePerson]:
    later = (RuleChangePerson.change_id == change_id) & (RuleChangePerson.user_id > cursor)
    async with database.read() as session:
        found = select(RuleChangePerson).where(later).order_by(RuleChangePerson.user_id).limit(ROWS)
        return list(await session.scalars(found))
