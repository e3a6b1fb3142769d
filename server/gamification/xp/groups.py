"""Weekly groups of about 30 learners of like effort, joined with the first XP of a week."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import rules
from storage.database.insert import insert_new
from storage.database.tables import BoardGroupMember


async def join(session: AsyncSession, user_id: str, week: str, last_xp: int) -> None:
    """Step: put a learner into the group of the week that is filling up. Idempotent: nobody changes groups.

    `last_xp`: of the week before. The caller holds the ledger's lock, which keeps groups from overflowing.
    """
    member = BoardGroupMember
    if await session.get(member, (week, user_id)) is not None:
        return
    band = rules.band(last_xp)
    in_band = (member.period == week) & (member.band == band)
    last = await session.scalar(select(func.max(member.number)).where(in_band)) or 1
    there = select(func.count()).select_from(member).where(in_band, member.number == last)
    number = rules.group_number(last, await session.scalar(there) or 0)
    await insert_new(session, member, period=week, user_id=user_id, band=band, number=number)
