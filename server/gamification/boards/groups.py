"""Weekly group of a learner, with the same ranks as the whole board. Steps."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.boards import ranks
from server.gamification.boards.ranks import PLACE, Ranked
from server.gamification.xp import rules
from storage.database.tables import BoardGroupMember
from storage.states import Timeframe


async def group(session: AsyncSession, week: str, user_id: str) -> Ranked:
    """The learner's group of a week (its Monday), best first; empty before their first XP of the week."""
    own = await session.get(BoardGroupMember, (week, user_id))
    if own is None:
        return []
    member: Any = BoardGroupMember.__table__.c
    wanted = (
        ranks.with_person(PLACE)
        .join(BoardGroupMember.__table__, member.user_id == PLACE.user_id)
        .where(
            member.period == week,
            member.band == own.band,
            member.number == own.number,
            PLACE.timeframe == Timeframe.WEEKLY,
            PLACE.period == week,
        )
        .order_by(*ranks.down(PLACE))
    )
    rows = [ranks.row_of(found) for found in await session.execute(wanted)]
    return list(rules.ranked(rows, (row.xp for row in rows)))
