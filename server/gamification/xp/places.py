"""Rows of leaderboards, written with the ledger: XP of a person in a period, and how many have as much."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, outerjoin, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import groups, rules
from server.gamification.xp.engine import Due, Key
from storage.database.insert import put_rows
from storage.database.tables import LeaderboardCount, LeaderboardRow, User
from storage.states import Role, Timeframe

Period = tuple[Timeframe, str]
Dues = Mapping[Key, Due]
PERSON: Any = User.__table__.c
ROW: Any = LeaderboardRow.__table__.c
ROWS = (
    select(PERSON.id, PERSON.role, PERSON.disabled_at, ROW.timeframe, ROW.period, ROW.xp, ROW.reached_at)
    .select_from(outerjoin(User.__table__, LeaderboardRow.__table__, ROW.user_id == PERSON.id))
    .where(PERSON.id.in_(bindparam("user_ids", expanding=True)))
)


GONE = delete(ROW.xp.table).where(
    ROW.timeframe == bindparam("frame"), ROW.period == bindparam("name"), ROW.user_id == bindparam("of")
)
COUNT: Any = LeaderboardCount.__table__.c
EMPTY = delete(COUNT.xp.table).where(
    COUNT.timeframe == bindparam("frame"),
    COUNT.period == bindparam("name"),
    COUNT.xp == bindparam("of"),
    COUNT.people <= 0,
)


class Score(msgspec.Struct, frozen=True, gc=False):
    xp: int
    reached_at: datetime


class Standing(msgspec.Struct):
    """A person's rows of the boards as they are."""

    ranks: bool = False  # learners who may sign in
    scores: dict[Period, Score] = {}


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
    days: dict[str, Score] = {}
    for due in dues:
        if due.amount > 0:
            known = days.get(due.day) or Score(0, due.at)
            days[due.day] = Score(known.xp + due.amount, max(known.reached_at, due.at))
    found: dict[Period, Score] = {}
    for period, first, last in rules.kept_days(day):
        inside = [score for label, score in days.items() if not last or first <= label <= last]
        if inside:
            found[period] = Score(sum(one.xp for one in inside), max(one.reached_at for one in inside))
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
    moved: dict[tuple[Timeframe, str, int], int] = defaultdict(int)
    for move in moves:
        if move.before:
            moved[*move.period, move.before.xp] -= 1
        if move.after:
            moved[*move.period, move.after.xp] += 1
    await _count(session, {key: people for key, people in moved.items() if people})


async def _standings(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, Standing]:
    found: dict[str, Standing] = {}
    rows = await session.execute(ROWS, {"user_ids": list(user_ids)})
    for user_id, role, disabled_at, timeframe, name, xp, reached_at in rows:
        one = found.setdefault(user_id, Standing(role == Role.LEARNER and disabled_at is None))
        if timeframe is not None:
            one.scores[timeframe, name] = Score(xp, reached_at)
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
        connection = await session.connection()
        await connection.execute(GONE, gone)


async def _count(session: AsyncSession, moved: Mapping[tuple[Timeframe, str, int], int]) -> None:
    """Change how many people have an amount of XP."""
    rows = [
        {"timeframe": timeframe, "period": name, "xp": xp, "people": people}
        for (timeframe, name, xp), people in sorted(moved.items())
    ]
    await put_rows(session, LeaderboardCount, rows, added=["people"])
    left = [
        {"frame": timeframe, "name": name, "of": xp}
        for (timeframe, name, xp), people in moved.items()
        if people < 0
    ]
    if left:
        connection = await session.connection()
        await connection.execute(EMPTY, left)
