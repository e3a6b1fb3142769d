"""Weekly groups of about 30 learners of like effort, joined with the first XP of a week."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.gamification.xp import rules
from storage.database.insert import insert_new_rows
from storage.database.tables import BoardGroupMember


async def join(session: AsyncSession, week: str, last_xp: Mapping[str, int]) -> None:
    """Step: put learners into the groups of the week that are filling up. Idempotent: nobody changes groups.

    `last_xp`: of each, in the week before. The caller holds the ledger's lock, which keeps groups from
    overflowing.
    """
    member = BoardGroupMember
    there = select(member.user_id).where(member.period == week, member.user_id.in_(last_xp))
    joined = set(await session.scalars(there))
    bands: dict[int, list[str]] = defaultdict(list)
    for user_id in sorted(last_xp.keys() - joined):
        bands[rules.band(last_xp[user_id])].append(user_id)
    rows: list[dict[str, Any]] = []
    for band, learners in bands.items():
        number, members = await _filling(session, week, band)
        for user_id in learners:
            following = rules.group_number(number, members)
            number, members = following, members + 1 if following == number else 1
            rows.append({"period": week, "user_id": user_id, "band": band, "number": number})
    await insert_new_rows(session, member, rows)


async def _filling(session: AsyncSession, week: str, band: int) -> tuple[int, int]:
    """Last group of a band, and how many are in it."""
    member = BoardGroupMember
    in_band = (member.period == week) & (member.band == band)
    last = await session.scalar(select(func.max(member.number)).where(in_band)) or 1
    there = select(func.count()).select_from(member).where(in_band, member.number == last)
    return last, await session.scalar(there) or 0
