"""Places on the leaderboards: standard competition ranks, a person's neighbours, the top. Steps.

Each question is one statement: names come with the rows, and on SQLite a trip to the database takes longer
than what it does there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.gamification.boards.people import Person, place_of
from server.gamification.boards.schemas import Place
from server.gamification.xp import rules
from storage.database.tables import GamePreference, LeaderboardCount, LeaderboardRow, User, UserStats
from storage.states import Timeframe

NEIGHBOURS = 2  # above and below
# Columns of tables and not of mapped classes, whose rows would be collected by Python.
PLACE: Any = LeaderboardRow.__table__.c
COUNT: Any = LeaderboardCount.__table__.c
PERSON: Any = User.__table__.c
PREFERENCE: Any = GamePreference.__table__.c
STATS: Any = UserStats.__table__.c
ROW = (PLACE.user_id, PLACE.xp, PLACE.reached_at)
ON_BOARD = and_(PLACE.timeframe == bindparam("timeframe"), PLACE.period == bindparam("period"))
COUNTED = and_(COUNT.timeframe == bindparam("timeframe"), COUNT.period == bindparam("period"))


class Board(NamedTuple):
    timeframe: Timeframe
    period: str


class Row(NamedTuple):
    """A person's row of a board. `person`: None without an account any more."""

    user_id: str
    xp: int
    reached_at: datetime
    person: Person | None

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Most XP first; inside a tie whoever got there first."""
        return -self.xp, self.reached_at, self.user_id


Ranked = Sequence[tuple[int, Row]]
Order = tuple[ColumnElement[Any], ...]


def with_person(rows: Any, *more: ColumnElement[Any]) -> Select[Any]:
    """Rows with a name, whether it is hidden, and a level. `rows`: columns of a board's row, or of a part."""
    hides, level = func.coalesce(PREFERENCE.name_hidden, false()), func.coalesce(STATS.level, 0)
    return (
        select(rows.user_id, rows.xp, rows.reached_at, PERSON.name, hides, level, *more)
        .select_from(rows.user_id.table)
        .outerjoin(User.__table__, PERSON.id == rows.user_id)
        .outerjoin(GamePreference.__table__, PREFERENCE.user_id == rows.user_id)
        .outerjoin(UserStats.__table__, STATS.user_id == rows.user_id)
    )


def row_of(found: Sequence[Any]) -> Row:
    user_id, xp, reached_at, name, hides, level = found[:6]
    return Row(user_id, xp, reached_at, None if name is None else Person(name, bool(hides), level))


def down(row: Any) -> Order:
    """Order of a board, by the columns of its rows or of a part of them."""
    return row.xp.desc(), row.reached_at, row.user_id


def _up(row: Any) -> Order:
    return row.xp, row.reached_at.desc(), row.user_id.desc()


def _own(column: Any) -> Any:
    """A value of the person's own row; NULL without one."""
    return select(column).where(ON_BOARD, PLACE.user_id == bindparam("user_id")).scalar_subquery()


def _walks() -> list[Select[Any]]:
    """Walks of the index from a person's row: in the tie and beyond it, each way."""
    xp, user_id = _own(PLACE.xp), bindparam("user_id", type_=PLACE.user_id.type)
    mine = tuple_(_own(PLACE.reached_at), user_id)
    place = tuple_(PLACE.reached_at, PLACE.user_id)
    sides = [
        (and_(PLACE.xp == xp, place < mine), _up),
        (PLACE.xp > xp, _up),
        (and_(PLACE.xp == xp, place > mine), down),
        (PLACE.xp < xp, down),
    ]
    return [
        select(*ROW).where(ON_BOARD, side).order_by(*order(PLACE)).limit(NEIGHBOURS) for side, order in sides
    ]


def _nearest(walks: Sequence[Select[Any]], order: Callable[[Any], Order]) -> Select[Any]:
    """The neighbours of one side. Chosen before their names are read: each row more is of some stranger,
    whose pages of a large database nothing has read before."""
    both = union_all(*(select(walk.subquery()) for walk in walks)).subquery()
    return select(select(both).order_by(*order(both.c)).limit(NEIGHBOURS).subquery())


def _above(xp: Any) -> Any:
    """People with more XP."""
    return select(func.sum(COUNT.people)).where(COUNTED, xp < COUNT.xp).scalar_subquery()


def _near() -> Select[Any]:
    """The person and the neighbours, each with how many are above."""
    own = select(*ROW).where(ON_BOARD, PLACE.user_id == bindparam("user_id"))
    near: CTE = union_all(own, _nearest(WALKS[:2], _up), _nearest(WALKS[2:], down)).cte("near")
    return with_person(near.c, func.coalesce(_above(near.c.xp), 0))


# Made once: building a statement takes longer than SQLite needs for it.
WALKS = _walks()
NEAR = _near()
TOP = with_person(PLACE).where(ON_BOARD).order_by(*down(PLACE)).limit(bindparam("most", type_=Integer))
OWN_XP = _own(PLACE.xp)
RANK = select(OWN_XP, func.coalesce(_above(OWN_XP), 0))
PEOPLE = select(func.sum(COUNT.people)).where(COUNTED)


async def rank(session: AsyncSession, timeframe: Timeframe, period: str, user_id: str) -> int | None:
    """One more than the people with more XP; None without XP, and for staff."""
    values = {"timeframe": timeframe, "period": period, "user_id": user_id}
    xp, above = (await session.execute(RANK, values)).one()
    return None if xp is None else 1 + above


async def people(session: AsyncSession, timeframe: Timeframe, period: str) -> int:
    """How many are on the board."""
    return await session.scalar(PEOPLE, {"timeframe": timeframe, "period": period}) or 0


async def top(session: AsyncSession, board: Board, limit: int) -> Ranked:
    rows = [row_of(found) for found in await session.execute(TOP, {**board._asdict(), "most": limit})]
    return list(rules.ranked(rows, (row.xp for row in rows)))


async def around(session: AsyncSession, board: Board, user_id: str) -> Ranked:
    """The person with the neighbours above and below; empty without XP, and for staff."""
    found = list(await session.execute(NEAR, {**board._asdict(), "user_id": user_id}))
    return sorted(((1 + one[6], row_of(one)) for one in found), key=lambda pair: pair[1].order)


def shown(viewer: Viewer, ranked: Ranked) -> list[Place]:
    """Ranked rows as the viewer may see them. Pure."""
    return [place_of(viewer, rank, row.user_id, row.xp, row.person) for rank, row in ranked]
