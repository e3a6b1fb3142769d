"""Weekly group of a learner, with the same ranks as the whole board. Steps."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.boards.ranks import DOWN, ROW, Ranked, Row
from server.gamification.xp import rules
from storage.database.tables import BoardGroupMember, LeaderboardRow
from storage.states import Timeframe


async def group(session: AsyncSession, week: str, user_id: str) -> Ranked:
    """The learner's group of a week (its Monday), best first; empty before their first XP of the week."""
    own = await session.get(BoardGroupMember, (week, user_id))
    if own is None:
        return []
    same = BoardGroupMember.user_id == LeaderboardRow.user_id
    wanted = (
        select(*ROW)
        .join(BoardGroupMember, same)
        .where(
            BoardGroupMember.period == week,
            BoardGroupMember.band == own.band,
            BoardGroupMember.number == own.number,
            LeaderboardRow.timeframe == Timeframe.WEEKLY,
            LeaderboardRow.period == week,
        )
        .order_by(*DOWN)
    )
    rows = [Row(*found) for found in await session.execute(wanted)]
    return list(rules.ranked(rows, (row.xp for row in rows)))
