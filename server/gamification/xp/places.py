"""Rows of leaderboards, written with the ledger: XP of a person in a period, and how many have as much."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import groups, rules
from server.gamification.xp.engine import Due, Key
from storage.database.insert import put_rows
from storage.database.sqlite_cursor import UNASKED
from storage.database.tables import LeaderboardCount, LeaderboardRow, User
from storage.states import Role, Timeframe

Period = tuple[Timeframe, str]
Amount = tuple[Timeframe, str, int]  # of XP in a period
Dues = Mapping[Key, Due]
PERSON: Any = User.__table__.c
ROW: Any = LeaderboardRow.__table__.c
COUNT: Any = LeaderboardCount.__table__.c
OF_COUNT = and_(COUNT.timeframe == ROW.timeframe, COUNT.period == ROW.period, COUNT.xp == ROW.xp)
ROWS = (
    select(
        *(PERSON.id, PERSON.role, PERSON.disabled_at),
        *(ROW.timeframe, ROW.period, ROW.xp, ROW.reached_at, COUNT.people),
    )
    .select_from(User.__table__)
    .outerjoin(LeaderboardRow.__table__, ROW.user_id == PERSON.id)
    .outerjoin(LeaderboardCount.__table__, OF_COUNT)
    .where(PERSON.id.in_(bindparam("user_ids", expanding=True)))
)


GONE = (
    delete(ROW.xp.table)
    .where(
        ROW.timeframe == bindparam("frame"), ROW.period == bindparam("name"), ROW.user_id == bindparam("of")
    )
    .execution_options(**UNASKED)
)
EMPTY = (
    delete(COUNT.xp.table)
    .where(
        COUNT.timeframe == bindparam("frame"),
        COUNT.period == bindparam("name"),
        COUNT.xp == bindparam("of"),
        COUNT.people <= 0,
    )
    .execution_options(**UNASKED)
)


class Score(msgspec.Struct, frozen=True, gc=False):
    xp: int
    reached_at: datetime


class Standing(msgspec.Struct):
    """A person's rows of the boards as they are."""

    ranks: bool = False  # learners who may sign in
    scores: dict[Period, Score] = {}
    equals: dict[Period, int] = {}  # how many have exactly as much, the person included


class Move(msgspec.Struct, frozen=True):
    """A row that is written, or deleted."""

    user_id: str
    period: Period
    before: Score | None
    after: Score | None


def scores(dues: Iterable[Due], day: str) -> dict[Period, Score]:
    """XP in each period that is kept on a day, and when the last of it was earned. Pure.

    Periods without XP are left out.
    """
    if not day:
        return {}
    xp: dict[str, int] = {}  # of each day, and when the last of it was earned
    at: dict[str, datetime] = {}
    for due in dues:
        if due.amount > 0:
            xp[due.day] = xp.get(due.day, 0) + due.amount
            at[due.day] = max(at.get(due.day, due.at), due.at)
    found: dict[Period, Score] = {}
    for period, first, last in rules.kept_days(day):
        if inside := [label for label in xp if not last or first <= label <= last]:
            found[period] = Score(sum([xp[label] for label in inside]), max([at[label] for label in inside]))
    return found


async def save(session: AsyncSession, due: Mapping[str, tuple[Dues, str]]) -> None:
    """Step: write people's rows of the periods that are kept on a day of each.

    Only learners who may sign in have any.
    """
    there = await _standings(session, due)
    moves = []
    for user_id, (dues, day) in due.items():
        known = there.get(user_id, Standing())
        wanted = scores(dues.values(), day) if known.ranks else {}
        moves += [
            Move(user_id, period, known.scores.get(period), wanted.get(period))
            for period in sorted(known.scores.keys() | wanted.keys())
            if known.scores.get(period) != wanted.get(period)
        ]
    await _join_groups(session, moves, due)
    await _save_rows(session, moves)
    await _delete_rows(session, [move for move in moves if move.after is None])
    moved: dict[Amount, int] = defaultdict(int)
    equals: dict[Amount, int] = {}  # people with each amount that somebody leaves
    for move in moves:
        if move.before:
            key = (*move.period, move.before.xp)
            moved[key] -= 1
            equals[key] = there[move.user_id].equals.get(move.period, 0)
        if move.after:
            moved[*move.period, move.after.xp] += 1
    last = [key for key, people in equals.items() if people + moved[key] <= 0]
    await _count(session, {key: people for key, people in moved.items() if people}, last)


async def _standings(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, Standing]:
    found: dict[str, Standing] = {}
    rows = await session.execute(ROWS, {"user_ids": list(user_ids)})
    for user_id, role, disabled_at, timeframe, name, xp, reached_at, equals in rows:
        one = found.setdefault(user_id, Standing(role == Role.LEARNER and disabled_at is None))
        if timeframe is not None:
            one.scores[timeframe, name] = Score(xp, reached_at)
            one.equals[timeframe, name] = equals or 0
    if gone := set(user_ids) - found.keys():
        row = LeaderboardRow
        left = select(row.user_id, row.timeframe, row.period, row.xp, row.reached_at)
        for user_id, timeframe, name, xp, reached_at in await session.execute(
            left.where(row.user_id.in_(gone))
        ):
            found.setdefault(user_id, Standing()).scores[timeframe, name] = Score(xp, reached_at)
    return found


async def _join_groups(
    session: AsyncSession, moves: Iterable[Move], due: Mapping[str, tuple[Dues, str]]
) -> None:
    """Put people with their first XP of this week into groups, by what they did in the week before."""
    weeks: dict[str, dict[str, int]] = defaultdict(dict)
    for move in moves:
        dues, day = due[move.user_id]
        this, last = rules.kept(day)[Timeframe.WEEKLY] if day else ("", "")
        if move.period == (Timeframe.WEEKLY, this) and move.after and not move.before:
            before = scores(dues.values(), day).get((Timeframe.WEEKLY, last))
            weeks[this][move.user_id] = before.xp if before else 0
    for week, last_xp in weeks.items():
        await groups.join(session, week, last_xp)


async def _save_rows(session: AsyncSession, moves: Iterable[Move]) -> None:
    rows = [
        {
            "timeframe": move.period[0],
            "period": move.period[1],
            "user_id": move.user_id,
            "xp": move.after.xp,
            "reached_at": move.after.reached_at,
        }
        for move in moves
        if move.after
    ]
    await put_rows(session, LeaderboardRow, rows)


async def _delete_rows(session: AsyncSession, moves: Iterable[Move]) -> None:
    gone = [{"of": move.user_id, "frame": move.period[0], "name": move.period[1]} for move in moves]
    if gone:
        await session.execute(GONE, gone)


async def _count(session: AsyncSession, moved: Mapping[Amount, int], last: Collection[Amount]) -> None:
    """Change how many people have an amount of XP. `last`: amounts to forget if nobody is left."""
    rows = [
        {"timeframe": timeframe, "period": name, "xp": xp, "people": people}
        for (timeframe, name, xp), people in sorted(moved.items())
    ]
    await put_rows(session, LeaderboardCount, rows, added=["people"])
    left = [{"frame": timeframe, "name": name, "of": xp} for timeframe, name, xp in last]
    if left:
        await session.execute(EMPTY, left)
