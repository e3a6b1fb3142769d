"""Rows of leaderboards, written with the ledger: XP of a person in a period, and how many have as much."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import groups, rules
from server.gamification.xp.engine import Due, Key
from storage.database.insert import insert_for
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
    row = LeaderboardRow
    columns = (row.timeframe, row.period, row.xp, row.reached_at)  # not rows, which a session would keep
    found = await session.execute(select(*columns).where(row.user_id == user_id))
    there = {(timeframe, name): Score(xp, reached_at) for timeframe, name, xp, reached_at in found}
    changed = sorted(
        period for period in there.keys() | wanted.keys() if there.get(period) != wanted.get(period)
    )
    moved: dict[tuple[Timeframe, str, int], int] = defaultdict(int)
    for period in changed:
        if before := there.get(period):
            moved[*period, before.xp] -= 1
        if after := wanted.get(period):
            moved[*period, after.xp] += 1
            await _join_group(session, user_id, period, wanted, day)
    await _save_rows(session, user_id, {period: wanted.get(period) for period in changed})
    await _count(session, {key: people for key, people in moved.items() if people})


async def _join_group(
    session: AsyncSession, user_id: str, period: Period, wanted: Mapping[Period, Score], day: str
) -> None:
    """Put the person into a group of this week, by what they did in the week before."""
    this, last = rules.kept(day)[Timeframe.WEEKLY]
    if period == (Timeframe.WEEKLY, this):
        before = wanted.get((Timeframe.WEEKLY, last))
        await groups.join(session, user_id, this, before.xp if before else 0)


async def _save_rows(session: AsyncSession, user_id: str, scores: Mapping[Period, Score | None]) -> None:
    rows = [
        {
            "timeframe": timeframe,
            "period": name,
            "user_id": user_id,
            "xp": score.xp,
            "reached_at": score.reached_at,
        }
        for (timeframe, name), score in scores.items()
        if score
    ]
    if rows:
        new = insert_for(session, LeaderboardRow.__table__)
        values = {"xp": new.excluded.xp, "reached_at": new.excluded.reached_at}
        new = new.on_conflict_do_update(index_elements=["timeframe", "period", "user_id"], set_=values)
        await session.execute(new, rows)
    for timeframe, name in (period for period, score in scores.items() if score is None):
        key = {"timeframe": timeframe, "period": name, "user_id": user_id}
        await session.execute(delete(LeaderboardRow).filter_by(**key))


async def _count(session: AsyncSession, moved: Mapping[tuple[Timeframe, str, int], int]) -> None:
    """Change how many people have an amount of XP."""
    if not moved:
        return
    count = LeaderboardCount
    rows = [
        {"timeframe": timeframe, "period": name, "xp": xp, "people": people}
        for (timeframe, name, xp), people in sorted(moved.items())
    ]
    new = insert_for(session, count.__table__)
    added = {"people": count.people + new.excluded.people}
    new = new.on_conflict_do_update(index_elements=["timeframe", "period", "xp"], set_=added)
    await session.execute(new, rows)
    left = [key for key, people in moved.items() if people < 0]
    if left:
        empty = tuple_(count.timeframe, count.period, count.xp).in_(left)
        gone = delete(count).where(empty, count.people <= 0)
        await session.execute(gone.execution_options(synchronize_session=False))
