"""XP of a range of people in each kept period, summed from the ledger. Steps.

The ledger's index by person has all that is summed: a range is read in one go, in bounded memory. Sums are in
a temporary table for the length of the transaction. What was taken back, or made worth nothing, no longer
counts for when the XP was reached: the lines of whoever has negative ones are first added up by their keys.
"""

from collections.abc import Sequence
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
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from server.gamification.xp import places, rules
from server.gamification.xp.ledger import NUMBER
from storage.database.base import UtcDateTime
from storage.database.insert import insert_for
from storage.database.tables import LeaderboardRow, User, XpTransaction
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
NAMES = [column.name for column in SUMS.columns]


def kept_periods(day: str) -> list[places.Period]:
    return [(timeframe, name) for timeframe, names in rules.kept(day).items() for name in names]


def within(
    column: ColumnElement[str] | InstrumentedAttribute[str], low: str, high: str | None
) -> ColumnElement[bool]:
    """People after `low` and up to `high`; None: to the end."""
    return and_(column > low, column <= high) if high is not None else column > low


def of_period(period: places.Period) -> ColumnElement[bool]:
    """Rows of a period, by a comparison that no index answers: they are sought by their people, and SQLite
    would rather go through everybody's of the period."""
    row = LeaderboardRow
    return type_coerce(row.timeframe, String).concat(row.period) == "".join(period)


async def gather(session: AsyncSession, low: str, high: str | None, day: str) -> None:
    """Step: fill the temporary table for the learners of a range. `drop` removes it."""
    connection = await session.connection()
    await connection.run_sync(SUMS.create)
    periods, line = kept_periods(day), XpTransaction
    columns = (func.min(line.amount), *_columns(periods, line.amount, line.local_day, line.at))
    sums = select(line.user_id, *columns).where(within(line.user_id, low, high)).group_by(line.user_id)
    found = sums.subquery()
    learners = select(found).join(User, User.id == found.c.user_id)
    learners = learners.where(User.role == Role.LEARNER, User.disabled_at.is_(None))
    await session.execute(insert(SUMS).from_select(NAMES, learners, include_defaults=False))
    if await session.scalar(select(SUMS.c.user_id).where(SUMS.c.least < 0).limit(1)):
        await _sum_by_key(session, periods)


async def drop(session: AsyncSession) -> None:
    await (await session.connection()).run_sync(SUMS.drop)


def _columns(periods: Sequence[places.Period], amount: Any, day: Any, at: Any) -> list[ColumnElement[Any]]:
    """XP of each period, then when it was reached."""
    xp, reached = [], []
    for period in periods:
        first, last = rules.days_of(*period)
        inside = [day >= first, day <= last] if last else []
        total = func.sum(amount).filter(*inside) if inside else func.sum(amount)
        xp.append(func.coalesce(total, 0))
        reached.append(func.max(at).filter(*inside, amount > 0))
    return [column.label(name) for column, name in zip([*xp, *reached], NAMES[2:], strict=True)]


async def _sum_by_key(session: AsyncSession, periods: Sequence[places.Period]) -> None:
    """Sum the lines of people with negative ones again: first of each key, and what is left of it."""
    line = XpTransaction
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    place = (func.instr if is_sqlite else func.strpos)(line.subject, NUMBER)
    key = case((place > 0, func.substr(line.subject, 1, place - 1)), else_=line.subject)
    inexact = select(SUMS.c.user_id).where(SUMS.c.least < 0)
    sums = (
        select(
            line.user_id,
            func.sum(line.amount).label("amount"),
            func.min(line.local_day).label("day"),
            func.min(line.at).label("at"),
        )
        .where(line.user_id.in_(inexact))
        # Not by the rule itself: SQLite would read the rows in the order of another index.
        .group_by(line.user_id, line.rule.concat(""), key)
        .having(func.sum(line.amount) > 0)
        .subquery()
    )
    columns = _columns(periods, sums.c.amount, sums.c.day, sums.c.at)
    exact = select(sums.c.user_id, func.min(sums.c.amount), *columns).where(sums.c.amount > 0)
    new = insert_for(session, SUMS).from_select(NAMES, exact.group_by(sums.c.user_id), include_defaults=False)
    values = {name: new.excluded[name] for name in NAMES[1:]}
    await session.execute(new.on_conflict_do_update(index_elements=["user_id"], set_=values))
    await session.execute(delete(SUMS).where(SUMS.c.least < 0))  # of whom nothing is left
