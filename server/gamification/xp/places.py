"""Rows of leaderboards, written with the ledger: XP of a person in a period, and how many have as much."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import groups, rules
from server.gamification.xp.engine import Due, Key
from storage.database.insert import insert_new
from storage.database.tables import LeaderboardCount, LeaderboardRow, User
from storage.states import Role, Timeframe

Period = tuple[Timeframe, str]


class Score(msgspec.Struct, frozen=True):
    xp: int
    reached_at: datetime


def scores(dues: Mapping[Key, Due], day: str) -> dict[Period, Score]:
    """XP in each period that is kept on a day, and when the last of it was earned. Pure.

    Periods without XP are left out.
    """
    found: dict[Period, Score] = {}
    kept = rules.kept(day) if day else {}
    for due in dues.values():
        if due.amount <= 0:
            continue
        for timeframe, names in kept.items():
            period = (timeframe, rules.period(timeframe, due.day))
            if period[1] not in names:
                continue
            before = found.get(period, Score(0, due.at))
            found[period] = Score(before.xp + due.amount, max(before.reached_at, due.at))
    return found


async def save(session: AsyncSession, user_id: str, dues: Mapping[Key, Due], day: str) -> None:
    """Step: write the person's rows of the periods that are kept on a day.

    Only learners who may sign in have any.
    """
    person = await session.get(User, user_id)
    ranks = person is not None and person.role == Role.LEARNER and person.disabled_at is None
    wanted = scores(dues, day) if ranks else {}
    rows = await session.scalars(select(LeaderboardRow).where(LeaderboardRow.user_id == user_id))
    there = {(row.timeframe, row.period): Score(row.xp, row.reached_at) for row in rows}
    moved: dict[tuple[Timeframe, str, int], int] = defaultdict(int)
    for period in sorted(there.keys() | wanted.keys()):
        before, after = there.get(period), wanted.get(period)
        if before == after:
            continue
        await _save_row(session, user_id, period, before, after)
        if before:
            moved[*period, before.xp] -= 1
        if after:
            moved[*period, after.xp] += 1
            await _join_group(session, user_id, period, wanted, day)
    for (timeframe, name, xp), people in sorted(moved.items()):
        if people:
            await _count(session, timeframe, name, xp, people)


async def _join_group(
    session: AsyncSession, user_id: str, period: Period, wanted: Mapping[Period, Score], day: str
) -> None:
    """Put the person into a group of this week, by what they did in the week before."""
    this, last = rules.kept(day)[Timeframe.WEEKLY]
    if period == (Timeframe.WEEKLY, this):
        before = wanted.get((Timeframe.WEEKLY, last))
        await groups.join(session, user_id, this, before.xp if before else 0)


async def _save_row(
    session: AsyncSession, user_id: str, period: Period, before: Score | None, after: Score | None
) -> None:
    key: dict[str, Any] = {"timeframe": period[0], "period": period[1], "user_id": user_id}
    if after is None:
        await session.execute(delete(LeaderboardRow).filter_by(**key))
    elif before is None:
        await insert_new(session, LeaderboardRow, **key, xp=after.xp, reached_at=after.reached_at)
    else:
        values = {"xp": after.xp, "reached_at": after.reached_at}
        await session.execute(update(LeaderboardRow).filter_by(**key).values(**values))


async def _count(session: AsyncSession, timeframe: Timeframe, period: str, xp: int, people: int) -> None:
    key: dict[str, Any] = {"timeframe": timeframe, "period": period, "xp": xp}
    if people > 0 and await insert_new(session, LeaderboardCount, **key, people=people):
        return
    there = LeaderboardCount
    await session.execute(update(there).filter_by(**key).values(people=there.people + people))
    await session.execute(delete(there).filter_by(**key).where(there.people <= 0))
