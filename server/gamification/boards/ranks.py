"""Places on the leaderboards: standard competition ranks, a person's neighbours, the top. Steps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, and_, bindparam, func, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.gamification.boards.people import named
from server.gamification.boards.schemas import Place
from server.gamification.xp import rules
from storage.database.tables import LeaderboardCount, LeaderboardRow
from storage.states import Timeframe

NEIGHBOURS = 2  # above and below
ROW = (LeaderboardRow.user_id, LeaderboardRow.xp, LeaderboardRow.reached_at)
DOWN = (LeaderboardRow.xp.desc(), LeaderboardRow.reached_at, LeaderboardRow.user_id)
ON_BOARD = and_(
    LeaderboardRow.timeframe == bindparam("timeframe"), LeaderboardRow.period == bindparam("period")
)
UP = (LeaderboardRow.xp, LeaderboardRow.reached_at.desc(), LeaderboardRow.user_id.desc())


class Board(NamedTuple):
    timeframe: Timeframe
    period: str


class Row(NamedTuple):
    """A person's row of a board."""

    user_id: str
    xp: int
    reached_at: datetime

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Most XP first; inside a tie whoever got there first."""
        return -self.xp, self.reached_at, self.user_id


Ranked = Sequence[tuple[int, Row]]


async def rank(session: AsyncSession, timeframe: Timeframe, period: str, user_id: str) -> int | None:
    """One more than the people with more XP; None without XP, and for staff."""
    own = await own_row(session, Board(timeframe, period), user_id)
    return None if own is None else await rank_of(session, timeframe, period, own.xp)


async def rank_of(session: AsyncSession, timeframe: Timeframe, period: str, xp: int) -> int:
    higher = select(func.sum(LeaderboardCount.people)).filter_by(timeframe=timeframe, period=period)
    return 1 + (await session.scalar(higher.where(LeaderboardCount.xp > xp)) or 0)


async def people(session: AsyncSession, timeframe: Timeframe, period: str) -> int:
    """How many are on the board."""
    counted = select(func.sum(LeaderboardCount.people)).filter_by(timeframe=timeframe, period=period)
    return await session.scalar(counted) or 0


def _walks() -> list[Select[str, int, datetime]]:
    """Walks of the index from a person's row: in the tie and beyond it, each way."""
    row = LeaderboardRow
    xp, user_id = bindparam("xp", type_=row.xp.type), bindparam("user_id", type_=row.user_id.type)
    mine = tuple_(bindparam("reached_at", type_=row.reached_at.type), user_id)
    place = tuple_(row.reached_at, row.user_id)
    sides = [
        (and_(row.xp == xp, place < mine), UP),
        (row.xp > xp, UP),
        (and_(row.xp == xp, place > mine), DOWN),
        (row.xp < xp, DOWN),
    ]
    return [select(*ROW).where(ON_BOARD, side).order_by(*order).limit(NEIGHBOURS) for side, order in sides]


def _tied() -> Select[Any]:
    """People with some amounts of XP, and with more than the highest of them."""
    count = LeaderboardCount
    here = and_(count.timeframe == bindparam("timeframe"), count.period == bindparam("period"))
    higher = select(func.sum(count.people)).where(here, count.xp > bindparam("xp")).correlate(None)
    amounts = count.xp.in_(bindparam("amounts", expanding=True))
    return select(count.xp, count.people, higher.scalar_subquery()).where(here, amounts)


# Made once: building a statement takes longer than SQLite needs for it.
OWN = select(*ROW).where(ON_BOARD, LeaderboardRow.user_id == bindparam("user_id"))
TOP = select(*ROW).where(ON_BOARD).order_by(*DOWN).limit(bindparam("most", type_=Integer))
WALKS = _walks()
NEAR = union_all(*(select(walk.subquery()) for walk in WALKS))
TIED = _tied()


async def own_row(session: AsyncSession, board: Board, user_id: str) -> Row | None:
    found = (await session.execute(OWN, {**board._asdict(), "user_id": user_id})).one_or_none()
    return Row(*found) if found else None


async def top(session: AsyncSession, board: Board, limit: int) -> Ranked:
    rows = [Row(*found) for found in await session.execute(TOP, {**board._asdict(), "most": limit})]
    return list(rules.ranked(rows, (row.xp for row in rows)))


async def around(session: AsyncSession, board: Board, own: Row) -> Ranked:
    """The person with the neighbours above and below."""
    near = await session.execute(NEAR, {**board._asdict(), **own._asdict()})
    rows = sorted([own, *(Row(*found) for found in near)], key=lambda row: row.order)
    here = rows.index(own)
    return await _ranked(session, board, rows[max(0, here - NEIGHBOURS) : here + NEIGHBOURS + 1])


async def _ranked(session: AsyncSession, board: Board, rows: Sequence[Row]) -> Ranked:
    """Ranks of rows that follow each other on the board."""
    amounts = {"xp": rows[0].xp, "amounts": sorted({row.xp for row in rows})}
    found = list(await session.execute(TIED, {**board._asdict(), **amounts}))
    tied = {xp: people for xp, people, _ in found}
    ranks, above = dict[int, int](), (found[0][2] or 0) if found else 0
    for row in rows:
        if row.xp not in ranks:
            ranks[row.xp] = 1 + above
            above += tied.get(row.xp, 1)
    return [(ranks[row.xp], row) for row in rows]


async def shown(session: AsyncSession, viewer: Viewer, *boards: Ranked) -> list[list[Place]]:
    """Ranked rows as the viewer may see them."""
    known = await named(session, {row.user_id for ranked in boards for _, row in ranked})
    return [[known.place(viewer, rank, row.user_id, row.xp) for rank, row in ranked] for ranked in boards]
