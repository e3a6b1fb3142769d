"""XP of a range of people in each kept period, summed from the ledger. Steps.

The ledger's index by person has all that is summed: a range is read in one go, in bounded memory. Sums are in
a temporary table for the length of the transaction. A line that was taken back, or made worth nothing, no
longer counts for when the XP was reached: whoever has negative lines is counted line by line, by the rule of
the live boards.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from server.gamification.xp import places, rules
from server.gamification.xp.engine import Due, Key
from server.gamification.xp.ledger import NUMBER
from storage.database.base import UtcDateTime
from storage.database.tables import User, XpTransaction
from storage.states import Role

MOST_PERIODS = 5  # of all time, and two months and weeks
SUMS = Table(
    "board_sums",
    MetaData(),
    Column("user_id", String, primary_key=True),
    Column("least", Integer, nullable=False),  # smallest amount of a line
    *(Column(f"xp_{number}", Integer, nullable=False) for number in range(MOST_PERIODS)),
    *(Column(f"at_{number}", UtcDateTime) for number in range(MOST_PERIODS)),
    prefixes=["TEMPORARY"],
)


def kept_periods(day: str) -> list[places.Period]:
    return [(timeframe, name) for timeframe, names in rules.kept(day).items() for name in names]


def within(
    column: ColumnElement[str] | InstrumentedAttribute[str], low: str, high: str | None
) -> ColumnElement[bool]:
    """People after `low` and up to `high`; None: to the end."""
    return and_(column > low, column <= high) if high is not None else column > low


async def gather(session: AsyncSession, low: str, high: str | None, day: str) -> None:
    """Step: fill the temporary table for the learners of a range. `drop` removes it."""
    connection = await session.connection()
    await connection.run_sync(SUMS.create)
    periods = kept_periods(day)
    line = XpTransaction
    sums = (
        select(line.user_id, func.min(line.amount), *_columns(periods))
        .where(within(line.user_id, low, high))
        .group_by(line.user_id)
        .subquery()
    )
    learners = select(sums).join(User, User.id == sums.c.user_id)
    learners = learners.where(User.role == Role.LEARNER, User.disabled_at.is_(None))
    names = ["user_id", "least", *_names("xp"), *_names("at")]
    await session.execute(insert(SUMS).from_select(names, learners, include_defaults=False))
    await _count_exactly(session, periods, day)


async def drop(session: AsyncSession) -> None:
    await (await session.connection()).run_sync(SUMS.drop)


def _names(prefix: str) -> list[str]:
    return [f"{prefix}_{number}" for number in range(MOST_PERIODS)]


def _columns(periods: Sequence[places.Period]) -> list[ColumnElement[Any]]:
    """XP of each period, then when it was reached."""
    line = XpTransaction
    inside = [_inside(period) for period in periods]
    xp = [func.coalesce(func.sum(case((one, line.amount), else_=0)), 0) for one in inside]
    at = [func.max(case((and_(one, line.amount > 0), line.at))) for one in inside]
    return [
        column.label(name) for column, name in zip([*xp, *at], [*_names("xp"), *_names("at")], strict=True)
    ]


def _inside(period: places.Period) -> ColumnElement[bool]:
    first, last = rules.days_of(*period)
    day = XpTransaction.local_day
    return and_(day >= first, day <= last) if last else day >= first


async def _count_exactly(session: AsyncSession, periods: Sequence[places.Period], day: str) -> None:
    """Replace the sums of people with negative lines by what the live rule says of their lines."""
    inexact = list(await session.scalars(select(SUMS.c.user_id).where(SUMS.c.least < 0)))
    if not inexact:
        return
    rows = []
    for user_id, due in (await _dues(session, inexact)).items():
        scores = places.scores(due, day)
        row: dict[str, Any] = {"user_id": user_id, "least": 0}
        for number, period in enumerate(periods):
            score = scores.get(period)
            row[f"xp_{number}"] = score.xp if score else 0
            row[f"at_{number}"] = score.reached_at if score else None
        rows.append(row)
    await session.execute(delete(SUMS).where(SUMS.c.least < 0))
    await session.execute(insert(SUMS), rows)


async def _dues(session: AsyncSession, user_ids: Sequence[str]) -> Mapping[str, Mapping[Key, Due]]:
    """What the ledger has for each key, as of its first line."""
    line = XpTransaction
    columns = (line.user_id, line.rule, line.subject, line.amount, line.at, line.local_day)
    wanted = select(*columns).where(line.user_id.in_(user_ids)).order_by(line.user_id, line.id)
    found: dict[str, dict[Key, Due]] = defaultdict(dict)
    for user_id, rule, subject, amount, at, day in await session.execute(wanted):
        key = Key(rule, subject.partition(NUMBER)[0])
        before = found[user_id].get(key)
        found[user_id][key] = (
            Due(amount=before.amount + amount, version=0, at=before.at, day=before.day)
            if before
            else Due(amount=amount, version=0, at=at, day=day)
        )
    return found
