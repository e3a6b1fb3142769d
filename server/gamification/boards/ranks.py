"""Places on the leaderboards: standard competition ranks, a person's neighbours, the top. Steps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select, tuple_, union_all
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


async def own_row(session: AsyncSession, board: Board, user_id: str) -> Row | None:
    wanted = select(*ROW).filter_by(timeframe=board.timeframe, period=board.period, user_id=user_id)
    found = (await session.execute(wanted)).one_or_none()
    return Row(*found) if found else None


async def top(session: AsyncSession, board: Board, limit: int) -> Ranked:
    wanted = select(*ROW).filter_by(timeframe=board.timeframe, period=board.period).order_by(*DOWN)
    rows = [Row(*found) for found in await session.execute(wanted.limit(limit))]
    return list(rules.ranked(rows, (row.xp for row in rows)))


async def around(session: AsyncSession, board: Board, own: Row) -> Ranked:
    """The person with the neighbours above and below."""
    parts = [select(*ROW).where(*where).order_by(*order) for where, order in _sides(board, own)]
    near = union_all(*(select(part.limit(NEIGHBOURS).subquery()) for part in parts))
    rows = sorted([own, *(Row(*found) for found in await session.execute(near))], key=lambda row: row.order)
    here = rows.index(own)
    return await _ranked(session, board, rows[max(0, here - NEIGHBOURS) : here + NEIGHBOURS + 1])


def _sides(board: Board, own: Row) -> list[tuple[list[ColumnElement[bool]], tuple[Any, ...]]]:
    """Conditions and orders that walk the index from the person's row: in the tie and beyond it, each way."""
    row = LeaderboardRow
    here = [row.timeframe == board.timeframe, row.period == board.period]
    mine = tuple_(literal(own.reached_at, row.reached_at.type), literal(own.user_id))
    place = tuple_(row.reached_at, row.user_id)
    return [
        ([*here, row.xp == own.xp, place < mine], UP),
        ([*here, row.xp > own.xp], UP),
        ([*here, row.xp == own.xp, place > mine], DOWN),
        ([*here, row.xp < own.xp], DOWN),
    ]


async def _ranked(session: AsyncSession, board: Board, rows: Sequence[Row]) -> Ranked:
    """Ranks of rows that follow each other on the board."""
    count = LeaderboardCount
    here = (count.timeframe == board.timeframe) & (count.period == board.period)
    higher = select(func.sum(count.people)).where(here, count.xp > rows[0].xp).correlate(None)
    wanted = select(count.xp, count.people, higher.scalar_subquery()).where(
        here, count.xp.in_({row.xp for row in rows})
    )
    found = list(await session.execute(wanted))
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
