"""What people did, as the engine takes it, from the rows. Steps: each runs in its caller's session.

One statement for all tables, and for one person as for some hundred; what the ledger has paid comes with it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, String, bindparam, cast, null, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp.engine import KINDS, Fact, History
from server.gamification.xp.streaks import Break
from storage.database.tables import ActivityDay, LearningEvent, StreakBreak, XpTransaction

PEOPLE: Any = bindparam("user_ids", expanding=True)


def _none(column: Any) -> Any:
    return cast(null(), column.type)


# Made once: building a statement takes longer than SQLite needs for it. Columns of tables and not of mapped
# classes, whose rows would be collected by Python. Together, because on SQLite a trip to the database takes
# longer than what it does there: days have no kind, breaks have their last day as the subject, and lines have
# their rule as the kind and their reason as the day. Kinds, rules and reasons are plain text.
FACT, DAY, BREAK, LINE = (one.__table__.c for one in (LearningEvent, ActivityDay, StreakBreak, XpTransaction))
ABOUT = (FACT.course_id, FACT.lesson_id)
KIND = type_coerce(FACT.kind, String)
NO_MARK, NO_AMOUNT = cast(null(), Boolean), cast(null(), Integer)
FACTS = select(FACT.user_id, KIND, FACT.subject, FACT.at, FACT.local_day, *ABOUT, NO_MARK, NO_AMOUNT).where(
    FACT.user_id.in_(PEOPLE)
)  # of all kinds: asked for some, SQLite reads the rows of another index
DAYS = select(
    DAY.user_id,
    _none(KIND),
    _none(FACT.subject),
    DAY.first_at,
    DAY.day,
    *map(_none, ABOUT),
    DAY.settled,
    NO_AMOUNT,
).where(DAY.user_id.in_(PEOPLE))
BREAKS = select(
    BREAK.user_id,
    _none(KIND),
    BREAK.last_day,
    _none(FACT.at),
    BREAK.first_day,
    *map(_none, ABOUT),
    NO_MARK,
    NO_AMOUNT,
).where(BREAK.user_id.in_(PEOPLE))
LINES = select(
    LINE.user_id,
    type_coerce(LINE.rule, String),
    LINE.subject,
    _none(FACT.at),
    type_coerce(LINE.reason, String),
    *map(_none, ABOUT),
    NO_MARK,
    LINE.amount,
).where(LINE.user_id.in_(PEOPLE))
EVERYTHING = union_all(FACTS, DAYS, BREAKS)
WITH_LINES = union_all(FACTS, DAYS, BREAKS, LINES)
STREAK = union_all(DAYS, BREAKS)

Line = tuple[str, str, str, int, str]  # user, rule, subject, amount, reason
FACT_KINDS = {str(kind): kind for kind in KINDS}


async def with_lines(
    session: AsyncSession, user_ids: Collection[str]
) -> tuple[Mapping[str, History], Sequence[Line]]:
    """What each of the people did, and the ledger's lines of all."""
    lines: list[Line] = []
    rows = await session.execute(WITH_LINES, {"user_ids": list(user_ids)})
    return _histories(user_ids, rows, lines), lines


async def histories(session: AsyncSession, user_ids: Collection[str]) -> Mapping[str, History]:
    """What each of the people did."""
    return _histories(user_ids, await session.execute(EVERYTHING, {"user_ids": list(user_ids)}))


async def streak_days(session: AsyncSession, user_id: str) -> History:
    """What one person's streak comes from."""
    return _histories([user_id], await session.execute(STREAK, {"user_ids": [user_id]}))[user_id]


def _histories(
    user_ids: Collection[str], rows: Iterable[Any], lines: list[Line] | None = None
) -> Mapping[str, History]:
    """`lines`: where those of the ledger go."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    days: dict[str, dict[str, datetime | None]] = defaultdict(dict)
    unpaid: dict[str, list[str]] = defaultdict(list)  # days that the ledger does not know yet
    breaks: dict[str, list[Break]] = defaultdict(list)
    for user_id, kind, subject, at, day, course_id, lesson_id, settled, amount in rows:
        if lines is not None and amount is not None:
            lines.append((user_id, kind, subject, amount, day))
        elif kind in FACT_KINDS:
            facts[user_id].append(Fact(FACT_KINDS[kind], subject, at, day, course_id, lesson_id))
        elif settled is not None:
            days[user_id][day] = at
            if not settled:
                unpaid[user_id].append(day)
        elif kind is None:
            breaks[user_id].append(Break(day, subject))
    return {
        one: History(facts=facts[one], days=days[one], unpaid=tuple(unpaid[one]), breaks=tuple(breaks[one]))
        for one in user_ids
    }
