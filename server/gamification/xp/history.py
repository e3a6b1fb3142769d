"""What people did, as the engine takes it, from the rows. Steps: each runs in its caller's session.

One statement a table, for one person as for some hundred.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp.engine import KINDS, Fact, History
from server.gamification.xp.streaks import Break
from storage.database.tables import ActivityDay, LearningEvent, StreakBreak

Days = dict[str, datetime | None]


def _of(column: Any) -> Any:
    return column.in_(bindparam("user_ids", expanding=True))


# Made once: building a statement takes longer than SQLite needs for it. Columns of tables and not of mapped
# classes, whose rows would be collected by Python.
FACT, DAY, BREAK = (one.__table__.c for one in (LearningEvent, ActivityDay, StreakBreak))
FACTS = select(
    FACT.user_id, FACT.kind, FACT.subject, FACT.at, FACT.local_day, FACT.course_id, FACT.lesson_id
).where(_of(FACT.user_id))  # of all kinds: asked for some, SQLite reads the rows of another index
DAYS = select(DAY.user_id, DAY.day, DAY.first_at, DAY.settled).where(_of(DAY.user_id))
BREAKS = select(BREAK.user_id, BREAK.first_day, BREAK.last_day).where(_of(BREAK.user_id))


async def histories(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, History]:
    """What each of the people did."""
    facts: dict[str, list[Fact]] = {user_id: [] for user_id in user_ids}
    rows = await session.execute(FACTS, {"user_ids": list(facts)})
    for user_id, kind, subject, at, day, course_id, lesson_id in rows:
        if kind in KINDS:
            facts[user_id].append(Fact(kind, subject, at, day, course_id, lesson_id))
    days, unpaid = await _days(session, user_ids)
    breaks = await _breaks(session, user_ids)
    return {
        user_id: History(
            facts=facts[user_id],
            days=days[user_id],
            unpaid=tuple(unpaid[user_id]),
            breaks=tuple(breaks[user_id]),
        )
        for user_id in facts
    }


async def streak_days(session: AsyncSession, user_id: str) -> History:
    """What one person's streak comes from."""
    days, _ = await _days(session, [user_id])
    breaks = await _breaks(session, [user_id])
    return History(days=days[user_id], breaks=tuple(breaks[user_id]))


async def _days(
    session: AsyncSession, user_ids: Collection[str]
) -> tuple[Mapping[str, Days], Mapping[str, list[str]]]:
    """Days of learning, and those of them that the ledger does not know yet."""
    found: dict[str, Days] = defaultdict(dict)
    unpaid: dict[str, list[str]] = defaultdict(list)
    for user_id, day, first_at, settled in await session.execute(DAYS, {"user_ids": list(user_ids)}):
        found[user_id][day] = first_at
        if not settled:
            unpaid[user_id].append(day)
    return found, unpaid


async def _breaks(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, list[Break]]:
    found: dict[str, list[Break]] = defaultdict(list)
    for user_id, first, last in await session.execute(BREAKS, {"user_ids": list(user_ids)}):
        found[user_id].append(Break(first, last))
    return found
