"""Somebody must be able to administer: asked by the set-up link, and before an administrator goes."""

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.core.errors import Conflict
from storage.database.tables import Institution, User

ABLE = (User.role == rules.ADMINISTRATOR) & User.disabled_at.is_(None) & User.password_hash.is_not(None)
NOBODY_YET = ~exists().where(ABLE)


async def lock_administrators(session: AsyncSession) -> int:
    """How many there are now. Two of them must not demote each other at the same moment."""
    await session.execute(select(Institution.id).with_for_update())
    return await _count(session)


async def require_administrator(session: AsyncSession, before: int) -> None:
    """At the end of the transaction that `hold` began. Raises Conflict when the last one would go."""
    await session.flush()
    if before and not await _count(session):
        raise Conflict("Somebody must be able to administer. Make another administrator first.")


async def _count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).where(ABLE)) or 0
