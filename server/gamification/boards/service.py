"""A leaderboard as one person sees it. Steps."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.gamification.boards import groups, people, ranks
from server.gamification.boards.ranks import Board
from server.gamification.boards.schemas import Leaderboard, Period, Place
from server.gamification.boards.switch import require_boards
from server.gamification.learner.stats import today
from server.gamification.xp import rules
from storage.states import Timeframe

MOST = 100  # places of a board that are shown
PODIUM = 3


async def leaderboard(
    session: AsyncSession, viewer: Viewer, timeframe: Timeframe, now: datetime, limit: int = MOST
) -> Leaderboard:
    """The board of the current period. Raises NotFound while boards are off."""
    await require_boards(session)
    names = rules.kept(await today(session, now))[timeframe]
    board = Board(timeframe, names[0])
    neighbours = ranks.shown(viewer, await ranks.around(session, board, viewer.id))
    top = await ranks.top(session, board, max(limit, PODIUM))
    honoured = board if top or len(names) < 2 else Board(timeframe, names[1])
    podium = top if honoured == board else await ranks.top(session, honoured, PODIUM)
    mine = next((place for place in neighbours if place.own), None)
    return Leaderboard(
        timeframe=timeframe,
        period=_period(board),
        people=await ranks.people(session, *board),
        rank=mine.rank if mine else None,
        own=mine,
        neighbours=neighbours,
        places=ranks.shown(viewer, top[:limit]),
        podium=ranks.shown(viewer, podium[:PODIUM]),
        podium_period=_period(honoured),
        name_hidden=await people.is_hidden(session, viewer.id),
    )


async def weekly_group(session: AsyncSession, viewer: Viewer, now: datetime) -> list[Place]:
    """The viewer's group of this week; empty before their first XP of it."""
    week = rules.period(Timeframe.WEEKLY, await today(session, now))
    return ranks.shown(viewer, await groups.group(session, week, viewer.id))


def _period(board: Board) -> Period:
    first, last = rules.days_of(*board)
    return Period(timeframe=board.timeframe, first_day=first or None, last_day=last or None)
